import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { Deploy } from '../detectors/deploys.ts';
import { readFunctionArn } from '../ingest/identity.ts';
import { ConfigError } from './config-error.ts';

const COLUMNS = ['time', 'function', 'version', 'note'] as const;
const MAX_TEXT = 300;

/** One line of a deploy file. */
const Line = z.strictObject({
  time: z.string().or(z.number()).describe('ISO 8601 with a zone, or Unix seconds or milliseconds'),
  function: z.string().min(1, 'must not be empty').max(MAX_TEXT),
  version: z.string().max(MAX_TEXT).or(z.number().int().transform(String)).nullish(),
  note: z.string().max(MAX_TEXT).nullish(),
});

/**
 * A deploy file as deploys: NDJSON (`{"time":…,"function":…,"version":…,"note":…}`) or CSV with those columns, the first
 * line naming them. Empty lines and lines that begin with # are left out. Every problem is listed, not only the first.
 * @throws {ConfigError} with `file:line: rule` for each bad line
 */
export function parseDeploys(text: string, file: string): Deploy[] {
  const lines = text.split(/\r?\n/);
  const first = lines.findIndex((line) => !isSkipped(line));
  const problems: string[] = [];
  const deploys: Deploy[] = [];
  if (first < 0) return deploys;
  const isJson = lines[first]!.trimStart().startsWith('{');
  const header = isJson ? null : headerOf(lines[first]!, `${file}:${first + 1}`, problems);
  for (const [i, line] of lines.entries()) {
    if (isSkipped(line) || (!isJson && i <= first)) continue;
    const record = isJson ? readJson(line) : readCsv(line, header ?? []);
    const deploy = typeof record === 'string' ? record : toDeploy(record);
    if (typeof deploy === 'string') problems.push(`${file}:${i + 1}: ${deploy}`);
    else deploys.push(deploy);
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return deploys;
}

/** Reads and checks a deploy file. @throws {ConfigError} also when it cannot be read */
export function loadDeploys(file: string): Deploy[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (typeof code !== 'string') throw error;
    throw new ConfigError([`${file}: ${code === 'ENOENT' ? 'no such file' : `cannot be read (${code})`}`]);
  }
  return parseDeploys(text.replace(/^\uFEFF/, ''), file);
}

const isSkipped = (line: string): boolean => line.trim() === '' || line.startsWith('#');

function headerOf(line: string, place: string, problems: string[]): string[] {
  const names = readCells(line) ?? [];
  const unknown = names.filter((name) => !(COLUMNS as readonly string[]).includes(name));
  const missing = ['time', 'function'].filter((name) => !names.includes(name));
  if (unknown.length > 0 || missing.length > 0) {
    problems.push(`${place}: the first line must name the columns: time,function and, if you like, version,note`);
  }
  return names;
}

function readJson(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return 'not a JSON object';
  }
}

function readCsv(line: string, header: readonly string[]): unknown {
  const cells = readCells(line);
  if (cells === null) return 'a quote is not closed';
  if (cells.length > header.length) return `${cells.length} cells, but only ${header.length} columns`;
  return Object.fromEntries(cells.map((cell, i) => [header[i]!, cell] as const).filter(([, cell]) => cell !== ''));
}

/** Cells of one CSV line (RFC 4180, without line breaks in quotes); null where a quote is left open. */
function readCells(line: string): string[] | null {
  const cells: string[] = [];
  let at = 0;
  while (at <= line.length) {
    const match = /^\s*(?:"((?:[^"]|"")*)"|([^",]*))\s*(?:,|$)/.exec(line.slice(at));
    if (match === null) return null;
    cells.push(match[1]?.replaceAll('""', '"') ?? match[2]!.trim());
    at += match[0].length;
    if (!match[0].endsWith(',')) break;
  }
  return cells;
}

/** The deploy, or the rule that the line breaks. */
function toDeploy(record: unknown): Deploy | string {
  const parsed = Line.safeParse(record);
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]!;
    return `${path.length === 0 ? '' : `${path.join('.')}: `}${message.charAt(0).toLowerCase()}${message.slice(1)}`;
  }
  const { time, version, note } = parsed.data;
  const timeMs = instantOf(time);
  if (timeMs === null) return 'time: not ISO 8601 with a zone, such as 2026-11-21T14:02:00Z, nor a Unix time';
  const arn = readFunctionArn(parsed.data.function);
  if (arn === null && parsed.data.function.startsWith('arn:')) return 'function: not the ARN of a Lambda function';
  const named = arn?.version ?? null;
  return {
    timeMs,
    match: arn?.name ?? parsed.data.function,
    version: (version ?? '') === '' ? named : (version ?? null),
    note: (note ?? '') === '' ? null : (note ?? null),
  };
}

const INSTANT = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)$/;
/** Seconds stay below this until the year 5138; milliseconds have been above it since 1973. */
const MILLISECONDS_FROM = 1e11;

function instantOf(time: string | number): number | null {
  const number = typeof time === 'number' ? time : /^\d+(\.\d+)?$/.test(time) ? Number(time) : null;
  if (number !== null) return number > 0 ? (number < MILLISECONDS_FROM ? number * 1000 : number) : null;
  if (!INSTANT.test(time as string)) return null;
  const ms = Date.parse((time as string).replace(' ', 'T'));
  return Number.isNaN(ms) ? null : ms;
}
