import { Cells } from '../cells.ts';

/** Sums of the calls of one side of a comparison: offsets within a side. Logs are measured from a centre, see `O.centre`. */
export const SIDE = {
  n: 0,
  err: 1,
  tmo: 2,
  oom: 3,
  acc: 4,
  tail: 5, // warm calls beyond the side's bar for slow ones
  dn: 6, // warm calls with a duration: count, sum and squares of log2 µs
  ds: 7,
  dss: 8,
  en: 9, // calls with a byte count: the same of log2(1 + bytes)
  es: 10,
  ess: 11,
  mn: 12, // calls with a memory figure: count, sum of log2 KiB
  ms: 13,
  cost: 14, // micro-dollars; of the newest version without its cold starts
  cold: 15,
} as const;
export const SIDE_SIZE = 16;

/** One function whose newest version is compared with the ones before: offsets within a record. */
export const O = {
  slot: 0,
  version: 1, // word of the newest version (u32)
  before: 2, // word of the version that answered last before it (u32)
  since: 3, // minute of its first call
  newest: 4, // minute of its last call
  nextLook: 5, // calls of it at which it is looked at next
  looks: 6,
  said: 7, // bitmap of signals that were told of with this version named (u32)
  found: 8, // bitmap of tests in which it was found worse (u32)
  slowBar: 9, // log2 µs beyond which a call of the newest version is slow
  freedom: 10, // degrees of freedom that the history of before has earned
  mattered: 11, // bitmap of tests whose effect was big enough at the last look (u32)
  label: 12, // word of what it is called where it is not a version: a deploy told of (u32), 0 = a version
  shares: 14, // frozen: alpha and beta of each bad share, five pairs
  dur: 24, // frozen: mean, variance of a call, calls behind them, variance between blocks
  egr: 28,
  mem: 32,
  cost: 36, // … of log2 of the cost of a call, where the mean is that of the cost itself
  fresh: 40, // calls of the newest version
  now: 56, // calls of older ones since then
  recent: 72, // calls of the newest version, fading
} as const;
export const RECORD = O.recent + SIDE_SIZE;

/**
 * The functions of a shard that have a new version under observation: 352 bytes each, and a cell for each open minute in
 * which that version answers. Memory follows the number of deploys of the last day, not that of functions.
 */
export class Observations {
  values = new Float32Array(4 * RECORD);
  words = new Uint32Array(this.values.buffer);
  /** first open cell of each record, -1 = none */
  cellOf = new Int32Array(4).fill(-1);
  /** what the newest versions did in minutes that are not graded yet */
  readonly cells = new Cells();
  #free: number[] = [];
  #used = 0;

  /** Number of a new, zeroed record. */
  add(slot: number): number {
    const record = this.#free.pop() ?? this.#used++;
    const at = record * RECORD;
    if (at + RECORD > this.values.length) this.#grow();
    this.values.fill(0, at, at + RECORD);
    this.values[at + O.slot] = slot;
    this.cellOf[record] = -1;
    return record;
  }

  #grow(): void {
    const values = new Float32Array(Math.ceil((this.values.length * 1.25) / RECORD + 1) * RECORD);
    values.set(this.values);
    this.values = values;
    this.words = new Uint32Array(values.buffer);
    const cellOf = new Int32Array(values.length / RECORD).fill(-1);
    cellOf.set(this.cellOf);
    this.cellOf = cellOf;
  }

  release(record: number): void {
    this.values[record * RECORD + O.slot] = -1;
    this.cellOf[record] = -1;
    this.#free.push(record);
  }

  /** Live records by the slot of their function, for snapshots. */
  live(): Float32Array[] {
    const out: Float32Array[] = [];
    for (let record = 0; record < this.#used; record++) {
      const at = record * RECORD;
      if (this.values[at + O.slot]! >= 0) out.push(this.values.subarray(at, at + RECORD));
    }
    return out.sort((a, b) => a[O.slot]! - b[O.slot]!);
  }

  /** Puts back a record that `live` gave; returns its number. */
  restore(words: Uint32Array): number {
    const record = this.add(0);
    this.words.set(words, record * RECORD);
    return record;
  }

  get bytes(): number {
    return this.values.byteLength + this.cellOf.byteLength + this.cells.bytes;
  }
}
