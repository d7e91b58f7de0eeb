import { believable, instantOf } from '../ingest/instant.ts';
import { InputError } from './io.ts';

/** One row of a metric as it stood in the file. */
export interface MetricRow {
  readonly line: number;
  /** as written */
  readonly time: string;
  readonly text: string;
  /** Unix ms; NaN = the row has no time that can be read */
  readonly timestampMs: number;
  /** NaN = no value, or none that can be read */
  readonly value: number;
}

/** What is wrong with the rows of a file, by rule; none of it stops the reading. */
export interface RowProblems {
  badTime: number;
  badValue: number;
  /** empty, `NaN` or `null`: a value that nobody measured */
  missingValue: number;
  /** earlier than the row before */
  backwards: number;
  /** line and rule of the first bad row, '' = none */
  first: string;
}

export const noProblems = (): RowProblems => ({ badTime: 0, badValue: 0, missingValue: 0, backwards: 0, first: '' });

const MISSING = new Set(['', 'nan', 'null', 'none', 'na', 'n/a', '-']);
const DAY_ONLY = /^\d{4}-\d\d-\d\d$/;
const MINUTE_ONLY = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d$/;
/** seconds since 1970 are below this until the year 2286, ms above it since 1970-04-26 */
const SECONDS_BELOW = 1e10;

/** Unix ms of ISO 8601 (to the day, minute or finer; no zone = UTC), of Unix seconds, or of Unix ms; else NaN. */
export function metricTimeOf(text: string): number {
  if (/^\d+(\.\d+)?$/.test(text)) {
    const number = Number(text);
    return believable(Math.floor(number < SECONDS_BELOW ? number * 1000 : number));
  }
  if (DAY_ONLY.test(text)) return instantOf(`${text}T00:00:00`);
  return instantOf(MINUTE_ONLY.test(text) ? `${text}:00` : text);
}

const unquoted = (cell: string) => cell.trim().replace(/^"(.*)"$/, '$1');

/** Reads the lines of one `timestamp,value` CSV. Other columns are passed over. */
export class MetricCsv {
  readonly problems = noProblems();
  readonly #file: string;
  #timeColumn = -1;
  #valueColumn = -1;
  #line = 0;
  #lastMs = Number.NEGATIVE_INFINITY;

  constructor(file: string) {
    this.#file = file;
  }

  /** The row of a line; null for the heading and for empty lines. @throws {InputError} when the heading is not one */
  read(line: string): MetricRow | null {
    this.#line++;
    const text = this.#line === 1 ? line.replace(/^\uFEFF/, '') : line;
    if (text.trim() === '') return null;
    const cells = text.split(',');
    if (this.#timeColumn < 0) {
      this.#readHeading(cells);
      return null;
    }
    return this.#rowOf(unquoted(cells[this.#timeColumn] ?? ''), unquoted(cells[this.#valueColumn] ?? ''));
  }

  /** Call after the last line. @throws {InputError} when there was no heading */
  end(): void {
    if (this.#timeColumn < 0) throw new InputError(`${this.#file}: empty: want a heading \`timestamp,value\` and rows`);
  }

  #readHeading(cells: readonly string[]): void {
    const names = cells.map((cell) => unquoted(cell).toLowerCase());
    this.#valueColumn = names.indexOf('value');
    this.#timeColumn = names.indexOf('timestamp');
    if (this.#timeColumn >= 0 && this.#valueColumn >= 0) return;
    const missing = this.#timeColumn < 0 ? 'timestamp' : 'value';
    throw new InputError(
      `${this.#file}:${this.#line}: no column \`${missing}\`: the first line must name the columns \`timestamp\` and \`value\``,
    );
  }

  #rowOf(time: string, text: string): MetricRow {
    const timestampMs = metricTimeOf(time);
    let value = Number.NaN;
    if (Number.isNaN(timestampMs)) this.#bad('badTime', 'timestamp is not ISO 8601, Unix seconds or Unix ms');
    else if (MISSING.has(text.toLowerCase())) this.problems.missingValue++;
    else {
      value = Number(text);
      if (!Number.isFinite(value)) {
        this.#bad('badValue', 'value is not a number');
        value = Number.NaN;
      }
      if (timestampMs < this.#lastMs) this.#bad('backwards', 'timestamp is earlier than the one before');
      else this.#lastMs = timestampMs;
    }
    return { line: this.#line, time, text, timestampMs, value };
  }

  #bad(rule: 'badTime' | 'badValue' | 'backwards', words: string): void {
    this.problems[rule]++;
    if (this.problems.first === '') this.problems.first = `${this.#file}:${this.#line}: ${words}`;
  }
}
