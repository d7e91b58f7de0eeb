import { type ExceedanceTail, soundTail, tailSurprise } from '../models/statistical/exceedance-tail.ts';
import { ALL_PARTS, type Parts } from './ablation.ts';
import { dispersion, expectedRate } from './baseline.ts';
import { TAIL_FROM, TAILS, tailOf } from './calibrate.ts';
import { CELL, P, Q } from './page.ts';
import { type GradeTime, HORIZON_MINUTES, TIERS, within } from './ring.ts';

/** Relative variance that is as good as none, and degrees of freedom as good as infinite: parts left out. */
const POISSON = 1e-6;
const GAUSSIAN = 1e6;
const AS_MODELLED = soundTail(TAIL_FROM);

/**
 * What signals see of one function at one graded minute: the sums of the five horizons, the calls expected in each, and
 * the page for baselines. One object a shard, filled anew for each window; signals must not keep it.
 */
export class WindowView {
  page: Float32Array = new Float32Array(0);
  base = 0;
  time!: GradeTime;
  minute = 0;
  /** horizon h, quantity q at [h * CELL + q] */
  readonly sums = new Float64Array(5 * CELL);
  /** calls expected a minute now; NaN while unknown */
  rate = Number.NaN;
  uncertainty = 1;
  /** minutes of history behind the rate */
  history = 0;
  /** surprise of the learned model at this minute; 0 without one, or without calls */
  pattern = 0;
  /** what of detection is on: everything, but in the ablation bench */
  parts: Parts = ALL_PARTS;
  /** at most 1: how much of a day's rhythm is known; floors are wider while it is small */
  caution = 1;
  /** signals in which a new version is found worse, still: a bitmap */
  standing = 0;
  /** the largest surprise of each tail (see calibrate.ts) in this window, by the models alone; 0 = not extreme */
  readonly raw = new Float64Array(TAILS);
  #seen = Number.NaN;

  load(page: Float32Array, base: number, time: GradeTime): void {
    this.page = page;
    this.base = base;
    this.time = time;
    this.minute = time.minute;
    this.standing = 0;
    this.pattern = 0;
    const rate = expectedRate(page, base, time.now);
    this.rate = rate.perMinute;
    this.uncertainty = rate.uncertainty;
    this.history = rate.minutes;
    this.caution = 1 + 0.6 * Math.exp(-rate.minutes / 1440);
    this.#seen = Number.NaN;
  }

  /** Sums the ring into the horizons; call after the minute was folded. */
  sumHorizons(): void {
    const { page, base, sums } = this;
    const newest = base + P.t0 + within(this.minute, 5) * CELL;
    for (let q = 0; q < CELL; q++) sums[q] = page[newest + q]!;
    for (let tier = 0; tier < 4; tier++) {
      const { at, cells } = TIERS[tier]!;
      const out = (tier + 1) * CELL;
      for (let q = 0; q < CELL; q++) {
        let sum = 0;
        for (let cell = base + at + q, i = 0; i < cells; i++, cell += CELL) sum += page[cell]!;
        sums[out + q] = sum;
      }
    }
  }

  get(horizon: number, quantity: number): number {
    return this.sums[horizon * CELL + quantity]!;
  }

  /** Relative variance of the count of calls in a horizon: over-dispersion and the error of the expectation itself. */
  phi(horizon: number): number {
    if (!this.parts.dispersion) return POISSON;
    return dispersion(this.page, this.base, horizon, this.expected(horizon)) + this.uncertainty;
  }

  /** Calls expected in a horizon. */
  expected(horizon: number): number {
    return this.sums[horizon * CELL + Q.mu]!;
  }

  /** Degrees of freedom that the history earns for Student's tails. */
  freedom(): number {
    return this.parts.student ? Math.min(24, 4 + this.history / 400) : GAUSSIAN;
  }

  /** The least ratio worth a person's time: below 1 for drops. */
  floor(ratio: number): number {
    return this.parts.floors ? ratio : 1;
  }

  /** Chance that a minute holds a call at all, and is looked at for it. */
  seen(): number {
    if (Number.isNaN(this.#seen)) {
      const phi = dispersion(this.page, this.base, 0, this.rate);
      this.#seen = this.rate > 0 ? -Math.expm1(-Math.log1p(phi * this.rate) / phi) : 1;
    }
    return this.#seen;
  }

  /** Notes the surprise of a horizon, for the tail's own past. */
  note(tail: number, raw: number): void {
    if (raw > this.raw[tail]!) this.raw[tail] = raw;
  }

  /** The tail of a signal's own past; reused by the next call. */
  tail(tail: number): ExceedanceTail {
    return this.parts.calibration ? tailOf(this.page, this.base, tail) : AS_MODELLED;
  }

  /** A surprise by the models as one by this function's own past: the score. */
  calibrated(tail: number, raw: number): number {
    return tailSurprise(raw, this.tail(tail));
  }

  minutesOf(horizon: number): number {
    return HORIZON_MINUTES[horizon]!;
  }
}
