import { PRIORS } from '../models/priors/priors.ts';
import { type ExceedanceTail, SOUND_EXCESS, soundTail } from '../models/statistical/exceedance-tail.ts';
import { P } from './page.ts';

/** Whose surprises are calibrated, each with a tail of its own; positions are in pages of snapshots: append only. */
export const TAIL = {
  invocations: 0,
  drop: 1,
  duration: 2,
  errors: 3,
  timeouts: 4,
  oom: 5,
  cold_starts: 6,
  access: 7,
  cost: 8,
  egress: 9,
  memory: 10,
  silence: 11,
} as const;
export const TAILS = 12;

/** Surprise beyond which the tail is fitted: one window in a hundred of a sound model, some 100 in a week of minutes. */
export const TAIL_FROM = 2;

// the region `calib` of a page: windows, then (exceedances, sum of excesses) of each tail, then what waits of each but silence
const WINDOWS = P.calib;
const KNOWN = P.calib + 1;
const WAITING = KNOWN + 2 * TAILS;

const { windows: PRIOR_WINDOWS, exceedances: PRIOR_EXCEEDANCES, tests: PRIOR_TESTS } = PRIORS.tails;
/** A tail thinner than this share of a sound model's is taken for luck: doubt is learnt in full, confidence is not. */
const LEAST_EXCESS = 0.8;
/** Largest excess that one window may add, in mean excesses: all of an exponential's mean and most of a heavy tail's lie below. */
const WINSOR = 8;
/** Windows at which everything is halved: the past that counts is 11 to 23 days of a function called every minute. */
const HALVE_AT = 32_768;

/**
 * The worse a model fits, the heavier its tail: what mean excess tells of the shape, which cannot be fitted from some
 * hundred clustered exceedances (Siffer et al. 2017 found a fit of it to decide everything). In simulated series the mean
 * excess over a rising threshold grows by the shape these numbers give, from over-dispersed (×1.7, 0.1) to batches with
 * Pareto sizes (×3.5, 0.45).
 */
const SHAPE_FROM = 1.1;
const SHAPE_SLOPE = 0.2;
const LARGEST_SHAPE = 0.45;

const OUT: { -readonly [K in keyof ExceedanceTail]: ExceedanceTail[K] } = soundTail(TAIL_FROM);

/** The tail of one signal's own past, shrunken to a sound model. The object is reused by the next call. Cost ≈ 20 ns. */
export function tailOf(page: Float32Array, base: number, tail: number): ExceedanceTail {
  const at = base + KNOWN + 2 * tail;
  const prior = PRIOR_TESTS[tail]! * 10 ** -TAIL_FROM;
  const rate = (page[at]! + PRIOR_WINDOWS * prior) / (page[base + WINDOWS]! + PRIOR_WINDOWS);
  OUT.level = -Math.log(Math.min(rate, 0.5)) / Math.LN10;
  const excess = (page[at + 1]! + PRIOR_EXCEEDANCES * SOUND_EXCESS) / (page[at]! + PRIOR_EXCEEDANCES);
  OUT.excess = Math.max(LEAST_EXCESS * SOUND_EXCESS, excess);
  OUT.shape = Math.min(LARGEST_SHAPE, SHAPE_SLOPE * Math.max(0, OUT.excess / SOUND_EXCESS - SHAPE_FROM));
  return OUT;
}

/** How a waiting sum is packed: exceedances in units of 4096, excesses in sixteenths below; exact in a Float32. */
const COUNT_UNIT = 4096;
const EXCESS_UNITS = 16;

/** Notes one scored window of calls. `raw` holds the surprise of each tail; 0 = not extreme. */
export function noteWindow(page: Float32Array, base: number, raw: Float64Array): void {
  page[base + WINDOWS] = page[base + WINDOWS]! + 1;
  if (page[base + WINDOWS]! >= HALVE_AT) for (let i = WINDOWS; i < WAITING; i++) page[base + i] = page[base + i]! / 2;
  for (let tail = 0; tail < TAILS - 1; tail++) {
    if (raw[tail]! < TAIL_FROM) continue;
    const at = base + WAITING + tail;
    const excess = Math.round(EXCESS_UNITS * winsorised(page, base, tail, raw[tail]!));
    const waiting = page[at]!;
    const room = COUNT_UNIT - 1 - (waiting % COUNT_UNIT);
    if (waiting < COUNT_UNIT * (COUNT_UNIT - 1)) page[at] = waiting + COUNT_UNIT + Math.min(excess, room);
  }
}

function winsorised(page: Float32Array, base: number, tail: number, raw: number): number {
  return Math.min(raw - TAIL_FROM, WINSOR * tailOf(page, base, tail).excess);
}

/** A gap that has ended: its surprise is that of the whole gap. */
export function noteGap(page: Float32Array, base: number, raw: number): void {
  if (raw < TAIL_FROM) return;
  const at = base + KNOWN + 2 * TAIL.silence;
  page[at + 1] = page[at + 1]! + winsorised(page, base, TAIL.silence, raw);
  page[at] = page[at]! + 1;
}

/** Share of what waits that is learnt each quarter of an hour: two hours late on average, so that no attack blunts itself. */
const LEARN_SHARE = 1 / 8;

/** Each quarter of an hour: an eighth of what waits is learnt. */
export function learnTails(page: Float32Array, base: number): void {
  for (let tail = 0; tail < TAILS - 1; tail++) {
    const waiting = page[base + WAITING + tail]!;
    if (waiting === 0) continue;
    const at = base + KNOWN + 2 * tail;
    const count = Math.ceil(Math.floor(waiting / COUNT_UNIT) * LEARN_SHARE);
    const excess = Math.ceil((waiting % COUNT_UNIT) * LEARN_SHARE);
    page[at] = page[at]! + count;
    page[at + 1] = page[at + 1]! + excess / EXCESS_UNITS;
    page[base + WAITING + tail] = waiting - COUNT_UNIT * count - excess;
  }
}

/** An incident has begun: what led to it is not learnt. */
export function dropWaiting(page: Float32Array, base: number): void {
  page.fill(0, base + WAITING, base + WAITING + TAILS - 1);
}
