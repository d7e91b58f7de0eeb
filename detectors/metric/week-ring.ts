const DAY_MS = 86_400_000;

/**
 * The values of the last week by place in time, one a slot of the metric's interval: what the same time yesterday and a
 * week ago was like. Places without a value are NaN. Memory: 8 bytes a slot, 81 kB at one minute.
 */
export class WeekRing {
  readonly slotsPerDay: number;
  readonly values: Float64Array;
  /** slots on either side that count as the same time of day: 5 minutes */
  readonly #around: number;
  #slot: number;

  constructor(slotMs: number, slot = Number.NEGATIVE_INFINITY, values?: Float64Array) {
    this.slotsPerDay = Math.max(1, Math.round(DAY_MS / slotMs));
    this.values = values ?? new Float64Array(7 * this.slotsPerDay).fill(Number.NaN);
    this.#around = Math.min(5, Math.floor(300_000 / slotMs));
    this.#slot = slot;
  }

  /** The newest slot written; −Infinity = none. */
  get slot(): number {
    return this.#slot;
  }

  /** Writes a value; places that were passed over are emptied. Cost: O(1) a slot passed, at most a week. */
  write(slot: number, value: number): void {
    const { values } = this;
    const size = values.length;
    if (slot - this.#slot >= size) values.fill(Number.NaN);
    else for (let skipped = this.#slot + 1; skipped < slot; skipped++) values[this.#placeOf(skipped)] = Number.NaN;
    values[this.#placeOf(slot)] = value;
    this.#slot = slot;
  }

  /** Mean of the values around this time yesterday; NaN = none. Cost ≈ 15 ns. */
  yesterday(slot: number): number {
    const around = Math.min(this.#around, this.slotsPerDay - 1);
    return this.#meanFrom(slot - this.slotsPerDay - around, 2 * around + 1, 1);
  }

  /**
   * Mean of the values from this time a week ago onwards; NaN = none. Call before this slot is written: what lies
   * behind it is already of this week.
   */
  lastWeek(slot: number): number {
    if (slot > this.#slot + 1 || Number.isNaN(this.values[this.#placeOf(slot)]!)) return Number.NaN;
    return this.#meanFrom(slot - this.values.length, 2 * this.#around + 1, 1);
  }

  /** The value at this very slot yesterday; NaN = none. */
  atYesterday(slot: number): number {
    return this.values[this.#placeOf(slot - this.slotsPerDay)]!;
  }

  /** Mean of the `slots` that ended at this time yesterday, from at most a dozen of them; NaN unless half are there. */
  yesterdayWindow(slot: number, slots: number): number {
    const stride = Math.max(1, Math.floor(slots / 12));
    const end = slot - this.slotsPerDay;
    const count = Math.ceil(slots / stride);
    return end - slots < slot - this.values.length
      ? Number.NaN
      : this.#meanFrom(end - (count - 1) * stride, count, stride);
  }

  #placeOf(slot: number): number {
    const size = this.values.length;
    return ((slot % size) + size) % size;
  }

  #meanFrom(slot: number, count: number, stride: number): number {
    const { values } = this;
    let place = this.#placeOf(slot);
    let sum = 0;
    let found = 0;
    for (let i = 0; i < count; i++) {
      const value = values[place]!;
      if (!Number.isNaN(value)) {
        sum += value;
        found++;
      }
      place += stride;
      if (place >= values.length) place -= values.length;
    }
    return 2 * found > count ? sum / found : Number.NaN;
  }
}
