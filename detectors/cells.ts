/**
 * Open windows: one cell a (function, minute) that has data and is not graded yet. Sums are integers in doubles (µs,
 * bytes, pico-dollars), so the order of arrival cannot change them; sums of logs are of values rounded to 1/4096, whose
 * sums are exact too. A pool with a free list: memory follows the number of functions active in the last minutes.
 */
export const C = {
  // what every report touches: two cache lines
  minute: 0,
  nextOfSlot: 1, // next cell of the same function, -1 = none
  n: 2,
  near: 3, // calls that came near the known time limit
  nextCheck: 4, // calls at which the window is next worth a look
  dn: 5,
  ds: 6,
  dss: 7,
  durationUs: 8,
  durationMaxUs: 9,
  billedUs: 10,
  costPico: 11,
  mn: 12,
  ms: 13,
  memoryMaxKib: 14,
  memoryKib: 15,
  // the rest
  slot: 16,
  err: 17,
  tmo: 18,
  oom: 19,
  cold: 20,
  acc: 21,
  stat: 22,
  tail: 23,
  en: 24,
  es: 25,
  ess: 26,
  bytes: 27,
  bytesMax: 28,
  nextBad: 29, // failures at which it is
  histogram: 30, // first node of the duration histogram, 0 = none
  nextOfMinute: 31, // next cell of the same minute, -1 = none
} as const;
export const CELL_STRIDE = 32;

export class Cells {
  values = new Float64Array(64 * CELL_STRIDE);
  #free: number[] = [];
  #used = 0;
  /** minute → first cell of that minute */
  readonly minutes = new Map<number, number>();

  /** Offset into `values` of a new, zeroed cell. */
  add(slot: number, minute: number, nextOfSlot: number): number {
    const at = this.#free.pop() ?? this.#grow();
    const { values } = this;
    values.fill(0, at, at + CELL_STRIDE);
    values[at + C.minute] = minute;
    values[at + C.slot] = slot;
    values[at + C.nextOfSlot] = nextOfSlot;
    values[at + C.nextOfMinute] = this.minutes.get(minute) ?? -1;
    this.minutes.set(minute, at);
    return at;
  }

  #grow(): number {
    const at = this.#used * CELL_STRIDE;
    this.#used++;
    if (at + CELL_STRIDE > this.values.length) {
      const bigger = new Float64Array(Math.ceil(this.values.length * 1.25));
      bigger.set(this.values);
      this.values = bigger;
    }
    return at;
  }

  release(at: number): void {
    this.#free.push(at);
  }

  /** Takes a cell out of the chain of its minute. */
  unlink(at: number): void {
    const { values, minutes } = this;
    const minute = values[at + C.minute]!;
    const next = values[at + C.nextOfMinute]!;
    const first = minutes.get(minute)!;
    if (first !== at) {
      let before = first;
      while (values[before + C.nextOfMinute] !== at) before = values[before + C.nextOfMinute]!;
      values[before + C.nextOfMinute] = next;
    } else if (next >= 0) minutes.set(minute, next);
    else minutes.delete(minute);
  }

  /** Cells in use. */
  get size(): number {
    return this.#used - this.#free.length;
  }

  get bytes(): number {
    return this.values.byteLength + this.#free.length * 8;
  }

  /** Live cells, in the order of minute, then function. */
  live(): number[] {
    const out: number[] = [];
    for (const minute of [...this.minutes.keys()].sort((a, b) => a - b)) {
      const ofMinute: number[] = [];
      for (let at = this.minutes.get(minute)!; at >= 0; at = this.values[at + C.nextOfMinute]!) ofMinute.push(at);
      ofMinute.sort((a, b) => this.values[a + C.slot]! - this.values[b + C.slot]!);
      out.push(...ofMinute);
    }
    return out;
  }
}

/** Histograms of durations of open windows: chains of [bucket, count, next] nodes. Bucket b covers [2^(b/8), 2^((b+1)/8)) µs. */
export class HistogramNodes {
  nodes = new Uint32Array(3 * 1024);
  #free = 0;
  #used = 1; // node 0 means none

  /** Adds `count` to `bucket` of the chain that starts at `first`; returns the chain's first node. */
  add(first: number, bucket: number, count: number): number {
    let { nodes } = this;
    for (let node = first; node !== 0; node = nodes[3 * node + 2]!) {
      if (nodes[3 * node] === bucket) {
        nodes[3 * node + 1] = nodes[3 * node + 1]! + count;
        return first;
      }
    }
    const node = this.#take();
    nodes = this.nodes;
    nodes[3 * node] = bucket;
    nodes[3 * node + 1] = count;
    nodes[3 * node + 2] = first;
    return node;
  }

  #take(): number {
    if (this.#free !== 0) {
      const node = this.#free;
      this.#free = this.nodes[3 * node + 2]!;
      return node;
    }
    const node = this.#used++;
    if (3 * node + 3 > this.nodes.length) {
      const bigger = new Uint32Array(this.nodes.length * 2);
      bigger.set(this.nodes);
      this.nodes = bigger;
    }
    return node;
  }

  /** Empties a chain and returns it as [bucket, count] pairs, by bucket. */
  takeAll(first: number): [number, number][] {
    const pairs: [number, number][] = [];
    for (let node = first; node !== 0; ) {
      const next = this.nodes[3 * node + 2]!;
      pairs.push([this.nodes[3 * node]!, this.nodes[3 * node + 1]!]);
      this.nodes[3 * node + 2] = this.#free;
      this.#free = node;
      node = next;
    }
    return pairs.sort((a, b) => a[0] - b[0]);
  }

  /** The same without emptying it. */
  peek(first: number): [number, number][] {
    const pairs: [number, number][] = [];
    for (let node = first; node !== 0; node = this.nodes[3 * node + 2]!) {
      pairs.push([this.nodes[3 * node]!, this.nodes[3 * node + 1]!]);
    }
    return pairs.sort((a, b) => a[0] - b[0]);
  }
}
