import { incidentAt, isOpen } from './incident.ts';
import { hashText } from './keys.ts';
import { I, PAGE } from './page.ts';
import { FEATURES, residualsOf } from './residuals.ts';
import type { Shard } from './shard.ts';
import { FAMILIES, FAMILY } from './signals/signal.ts';

/** An incident is often seen later than it began: a row waits this long before it counts as calm, minutes. */
const WAIT = 60;
/** … and rows from so long before the onset an incident is given are left out, minutes. */
const BEFORE = 15;
/** A day of history: the judge of the model asks for the same (see learned.ts). */
const LEAST_HISTORY = 1440;
/** One function in five is held out, by its name: what the training never saw is a function, not a minute of one. */
const HELD_OUT = 5;
/** A row: the vector, then the bits of what is known, then 1 for held out. */
export const ROW = FEATURES.length + 2;

interface Waiting {
  readonly minute: number;
  readonly row: Float32Array;
}

/** Rows for training, in the order they were released; `ROW` floats each. */
export interface TrainingRows {
  readonly rows: Float32Array;
  readonly count: number;
  readonly functions: number;
  readonly heldOutFunctions: number;
  /** rows left out because an incident covered them, or might have */
  readonly masked: number;
  /** minutes since 2020 of the first and last row; NaN without any */
  readonly from: number;
  readonly to: number;
}

/**
 * Collects residual vectors of calm windows from shards: what an open incident covers, an hour before it was noticed and
 * an hour after it ended is left out. Holds at most `most` rows: when they are full every second one goes, by a hash of
 * function and minute, so that the same data always gives the same rows.
 */
export class RowCollector {
  readonly #most: number;
  readonly #waiting = new Map<string, Waiting[]>();
  readonly #vector = new Float64Array(FEATURES.length);
  readonly #functions = new Map<string, boolean>();
  #rows: Float32Array[] = [];
  #hashes: number[] = [];
  #thinning = 0; // rows are kept whose hash ends in so many zero bits
  #masked = 0;
  #from = Number.NaN;
  #to = Number.NaN;

  constructor(most: number) {
    this.#most = most;
  }

  /** To be called for each graded window with calls, after it was decided: see `Shard.rowSink`. */
  readonly see = (shard: Shard, slot: number): void => {
    const { view } = shard;
    if (view.history < LEAST_HISTORY) return;
    const key = shard.keys[slot]!;
    const waiting = this.#waiting.get(key) ?? [];
    this.#waiting.set(key, waiting);
    const onset = openOnset(shard.pages, slot * PAGE);
    if (onset !== null) {
      this.#masked++;
      while (waiting.length > 0 && waiting.at(-1)!.minute >= onset - BEFORE) {
        waiting.pop();
        this.#masked++;
      }
    } else if (view.minute - lastClosed(shard.pages, slot * PAGE) < WAIT) this.#masked++;
    else this.#wait(waiting, shard, key);
    while (waiting.length > 0 && waiting[0]!.minute <= view.minute - WAIT) this.#release(key, waiting.shift()!);
  };

  #wait(waiting: Waiting[], shard: Shard, key: string): void {
    const { minute } = shard.view;
    const known = residualsOf(shard.view, this.#vector);
    if (known === 0) return;
    const row = new Float32Array(ROW);
    row.set(this.#vector);
    row[FEATURES.length] = known;
    row[FEATURES.length + 1] = this.#isHeldOut(key) ? 1 : 0;
    waiting.push({ minute, row });
  }

  #isHeldOut(key: string): boolean {
    const known = this.#functions.get(key);
    if (known !== undefined) return known;
    const isHeldOut = (hashText(`held out ${key}`) >>> 8) % HELD_OUT === 0;
    this.#functions.set(key, isHeldOut);
    return isHeldOut;
  }

  #release(key: string, { minute, row }: Waiting): void {
    const hash = hashText(`${minute} ${key}`);
    if ((hash & ((1 << this.#thinning) - 1)) !== 0) return;
    this.#rows.push(row);
    this.#hashes.push(hash);
    if (!(this.#from <= minute)) this.#from = minute;
    if (!(this.#to >= minute)) this.#to = minute;
    while (this.#rows.length > this.#most) this.#thin();
  }

  #thin(): void {
    this.#thinning++;
    const mask = (1 << this.#thinning) - 1;
    this.#rows = this.#rows.filter((_, i) => (this.#hashes[i]! & mask) === 0);
    this.#hashes = this.#hashes.filter((hash) => (hash & mask) === 0);
  }

  /** What was collected. Rows still waiting are not in it: their hour is not over. */
  take(): TrainingRows {
    const rows = new Float32Array(this.#rows.length * ROW);
    for (const [i, row] of this.#rows.entries()) rows.set(row, i * ROW);
    const held = [...this.#functions.values()].filter((isHeldOut) => isHeldOut).length;
    return {
      rows,
      count: this.#rows.length,
      functions: this.#functions.size,
      heldOutFunctions: held,
      masked: this.#masked,
      from: this.#from,
      to: this.#to,
    };
  }
}

/** Earliest onset of what is open; null = nothing is. */
function openOnset(pages: Float32Array, page: number): number | null {
  let onset: number | null = null;
  for (let family = 0; family < FAMILIES; family++) {
    if (!isOpen(pages, page, family)) continue;
    const began = pages[incidentAt(page, family) + I.onset]!;
    if (onset === null || began < onset) onset = began;
  }
  return onset;
}

/** Minute of the last close; −infinity without one. */
function lastClosed(pages: Float32Array, page: number): number {
  let last = Number.NEGATIVE_INFINITY;
  for (let family = 0; family < FAMILIES; family++) {
    const at = pages[incidentAt(page, family) + I.announced]!;
    if (family !== FAMILY.event && at !== 0 && at > last) last = at;
  }
  return last;
}
