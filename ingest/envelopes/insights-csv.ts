import type { Place, Reading } from '../reading.ts';
import { readQueryRow } from './cli-events.ts';

const HEADER = /^"?@?[A-Za-z][\w.@]*"?(?:,"?@?[A-Za-z][\w.@ ()*]*"?)*$/;
/** One field: quoted, with quotes doubled inside, or plain. */
const FIELD = /(?:"((?:[^"]|"")*)"|([^",\n]*))(?:,|$)/y;
const MAX_ROW = 1 << 20;

/**
 * The CSV that the console and the API of Logs Insights give: a row of field names, then one row a log event, whose
 * message may go over several lines. Once a header was seen, all lines of the origin are rows.
 */
export class InsightsCsv {
  readonly #reading: Reading;
  #names: readonly string[] = [];
  #header: Place | null = null;
  #row = '';
  #place: Place = { offset: 0, line: 1 };
  isOpen = false;

  constructor(reading: Reading) {
    this.#reading = reading;
  }

  /** Where a later reader must begin: at the header, without which no row can be read. Null if there is none. */
  get begins(): Place | null {
    return this.#header;
  }

  /** Whether a line is the header of such a file. */
  isHeader(text: string): boolean {
    if (!HEADER.test(text)) return false;
    const names = fieldsOf(text) ?? [];
    return names.includes('@timestamp') && (names.includes('@message') || names.includes('@type'));
  }

  begin(text: string, offset: number, line: number): void {
    this.#names = fieldsOf(text) ?? [];
    this.#header ??= { offset, line };
  }

  line(text: string, offset: number, line: number): void {
    if (!this.isOpen) {
      this.#place = { offset, line };
      this.#row = text;
    } else this.#row += `\n${text}`;
    this.isOpen = isUnbalanced(this.#row);
    if (this.isOpen && this.#row.length <= MAX_ROW) return;
    if (this.isOpen) this.#reject('CSV row too long');
    else this.#read();
    this.isOpen = false;
  }

  end(): void {
    if (this.isOpen) this.#reject('truncated CSV row');
    this.isOpen = false;
  }

  #read(): void {
    const fields = fieldsOf(this.#row);
    if (fields === null || fields.length !== this.#names.length) {
      this.#reject('CSV row does not fit its header');
      return;
    }
    const { journal } = this.#reading;
    journal.offset = this.#place.offset;
    journal.line = this.#place.line;
    const row: Record<string, unknown> = Object.create(null);
    for (const [i, name] of this.#names.entries()) if (fields[i] !== '') row[name] = fields[i];
    readQueryRow(row, this.#reading);
  }

  #reject(reason: string): void {
    this.#reading.journal.rejectAt(reason, this.#row, this.#place.offset, this.#place.line);
  }
}

/** An odd number of quotes: a field is open. */
function isUnbalanced(row: string): boolean {
  let isInside = false;
  for (let at = row.indexOf('"'); at >= 0; at = row.indexOf('"', at + 1)) isInside = !isInside;
  return isInside;
}

/** The fields of a row; null if it is none. Linear. */
function fieldsOf(row: string): string[] | null {
  const fields: string[] = [];
  FIELD.lastIndex = 0;
  while (FIELD.lastIndex <= row.length) {
    const match = FIELD.exec(row);
    if (match === null) return null;
    fields.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? '');
    if (FIELD.lastIndex === row.length && !match[0].endsWith(',')) return fields;
    if (FIELD.lastIndex === row.length) {
      fields.push('');
      return fields;
    }
  }
  return fields;
}
