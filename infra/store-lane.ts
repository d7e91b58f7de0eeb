import type { Batch } from './store-delivery.ts';
import type { Table } from './store-tables.ts';
import { RowText } from './store-text.ts';

export interface LaneLimits {
  readonly batchRows: number;
  readonly batchBytes: number;
  readonly maxAgeMs: number;
}

interface TimedBatch extends Batch {
  /** Of its oldest row; milliseconds of `performance.now()`, as all times here. */
  readonly sinceMs: number;
}

/** The rows of one table that are not stored yet, in order: one batch on its way, full ones behind it, one that fills. */
export class Lane {
  readonly table: Table<never>;
  /** Rows handed over, and rows done with, since the beginning: a flush compares them. */
  written = 0;
  settled = 0;
  readonly #limits: LaneLimits;
  readonly #text = new RowText();
  readonly #full: TimedBatch[] = [];
  #sinceMs = 0;
  #isUrgent = false;
  #underWay: TimedBatch | null = null;

  constructor(table: Table<never>, limits: LaneLimits) {
    this.table = table;
    this.#limits = limits;
  }

  /** Returns the bytes it took. */
  add<Row>(table: Table<Row>, runId: string, row: Row, nowMs: number): number {
    const before = this.#text.length;
    if (this.#text.rows === 0) this.#sinceMs = nowMs;
    this.#text.text(runId);
    table.encode(this.#text, row);
    this.#text.endRow();
    this.written++;
    const taken = this.#text.length - before;
    if (this.#text.rows >= this.#limits.batchRows || this.#text.length >= this.#limits.batchBytes) this.#close();
    return taken;
  }

  get rows(): number {
    return this.written - this.settled;
  }

  /** Of the oldest row that is not stored; null where there is none. */
  get sinceMs(): number | null {
    const oldest = this.#underWay ?? this.#full[0];
    return oldest?.sinceMs ?? (this.#text.rows > 0 ? this.#sinceMs : null);
  }

  /** When something should be sent: the time its oldest row reaches the age, or at once; null = nothing is to be sent, or something is on its way. */
  get dueMs(): number | null {
    if (this.#underWay !== null) return null;
    const first = this.#full[0];
    if (first !== undefined) return first.sinceMs;
    if (this.#text.rows === 0) return null;
    return this.#isUrgent ? this.#sinceMs : this.#sinceMs + this.#limits.maxAgeMs;
  }

  /** What is there now is due at once. */
  hurry(): void {
    if (this.#text.rows > 0) this.#isUrgent = true;
  }

  start(): Batch {
    if (this.#full.length === 0) this.#close();
    this.#underWay = this.#full.shift() as TimedBatch;
    return this.#underWay;
  }

  end(batch: Batch): void {
    this.settled += batch.rows;
    this.#underWay = null;
  }

  #close(): void {
    this.#full.push({ rows: this.#text.rows, bytes: this.#text.cut(), sinceMs: this.#sinceMs });
    this.#isUrgent = false;
  }
}
