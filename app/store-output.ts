import type { StoreReader } from '../infra/store.ts';
import { linesOf } from '../infra/store-lines.ts';
import { NULL_CELL, type QueryParams } from '../infra/store-query.ts';
import { type Column, csvLine, harmlessJson, TextTable } from '../infra/table-text.ts';
import type { Io, Output } from './io.ts';

/** Lines handed to the output at a time; a table's columns are laid out after the first of them. */
const BLOCK_ROWS = 1000;
const NUMBER_TYPE = /^(Nullable\(|LowCardinality\()*(U?Int|Float|Decimal)/;

/** One JSON object a line, harmless to print. */
export async function printJson(
  reader: StoreReader,
  sql: string,
  out: Output,
  params: QueryParams = {},
): Promise<void> {
  for await (const lines of blocksOf(linesOf(await reader.query(sql, 'json', params)))) {
    await out.write(lines.map((line) => `${harmlessJson(line)}\n`).join(''));
  }
}

export async function printCsv(reader: StoreReader, sql: string, out: Output): Promise<void> {
  const { names, isNumber, rows } = await cellsOf(reader, sql);
  await out.write(`${csvLine(names.map((text) => ({ text, isNumber: false })))}\r\n`);
  for await (const block of blocksOf(rows)) {
    const lines = block.map((row) =>
      csvLine(row.map((cell, i) => ({ text: cell === NULL_CELL ? '' : cell, isNumber: isNumber[i] === true }))),
    );
    await out.write(lines.map((line) => `${line}\r\n`).join(''));
  }
}

/** An aligned table, fitted to the terminal where there is one; returns the number of rows. */
export async function printTable(reader: StoreReader, sql: string, io: Io): Promise<number> {
  const { names, isNumber, rows } = await cellsOf(reader, sql);
  const columns = names.map((name, i): Column => ({ name, align: isNumber[i] === true ? 'right' : 'left' }));
  const table = new TextTable(columns, terminalWidth(io));
  let count = 0;
  for await (const block of blocksOf(rows)) {
    const shown = block.map((row) => row.map((cell) => (cell === NULL_CELL ? '-' : cell)));
    await io.stdout.write(`${table.lines(shown).join('\n')}\n`);
    count += block.length;
  }
  return count;
}

/** Columns of the terminal; null where the output is not one. */
export function terminalWidth(io: Io): number | null {
  if (!io.stdout.isTTY) return null;
  const columns = process.stdout.columns ?? Number(io.env.COLUMNS);
  return columns > 0 ? columns : 80;
}

interface Cells {
  readonly names: readonly string[];
  readonly isNumber: readonly boolean[];
  readonly rows: AsyncGenerator<string[], void>;
}

async function cellsOf(reader: StoreReader, sql: string): Promise<Cells> {
  const lines = linesOf(await reader.query(sql, 'cells'));
  const next = async () => JSON.parse((await lines.next()).value ?? '[]') as string[];
  const names = await next();
  const types = await next();
  return { names, isNumber: types.map((type) => NUMBER_TYPE.test(type)), rows: parsed(lines) };
}

async function* parsed(lines: AsyncGenerator<string, void>): AsyncGenerator<string[], void> {
  for await (const line of lines) yield JSON.parse(line) as string[];
}

async function* blocksOf<Item>(items: AsyncGenerator<Item, void>): AsyncGenerator<Item[], void> {
  let block: Item[] = [];
  for await (const item of items) {
    if (block.push(item) < BLOCK_ROWS) continue;
    yield block;
    block = [];
  }
  if (block.length > 0) yield block;
}
