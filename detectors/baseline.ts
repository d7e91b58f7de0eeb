import { PRIORS } from '../models/priors/priors.ts';
import type { CalendarMinute } from './calendar.ts';
import { P } from './page.ts';

/**
 * What a function's own history says to expect now. Everything reads the page and allocates nothing (about 60 ns a call).
 * Rates follow a profile by weekday/weekend × hour, each cell shrunk towards the hour of all days and that towards the
 * level (gamma-Poisson means), times the drift of the last hours; or, where that predicted better, the mean of the last
 * two hours. Decay: cells two weeks, level a week, drift six hours.
 */
const { hourMinutes: SHRINK_MINUTES, dayMinutes: SHRINK_DAY_MINUTES } = PRIORS.profile;
const { level: LEVEL } = PRIORS;
const { fastMinutes: FAST_MINUTES, driftCalls: DRIFT_CALLS } = PRIORS.today;

export interface Rate {
  /** calls expected in this minute */
  perMinute: number;
  /** squared relative error of that estimate itself */
  uncertainty: number;
  /** minutes of history behind it */
  minutes: number;
}

const RATE: Rate = { perMinute: 0, uncertainty: 0, minutes: 0 };

/** Expected calls at a minute. The result object is reused by the next call. */
export function expectedRate(page: Float32Array, base: number, at: CalendarMinute): Rate {
  const minutes = page[base + P.levelMinutes]!;
  RATE.minutes = minutes;
  if (minutes < 1) {
    RATE.perMinute = Number.NaN;
    RATE.uncertainty = 1;
    return RATE;
  }
  const level = levelOf(page, base);
  const rate = profileRate(page, base, at, level) * driftOf(page, base);
  if (page[base + P.lossFast]! < page[base + P.lossProfile]! * 0.97) RATE.perMinute = fastRate(page, base, level);
  else RATE.perMinute = rate;
  const calls = page[base + P.profileSum + at.weekend * 24 + at.hour]! + 0.3 * page[base + P.levelSum]!;
  RATE.uncertainty = 1 / (Math.min(calls, page[base + P.levelSum]!) + 0.5);
  return RATE;
}

/** Calls a minute over all hours of the last week, decayed. */
export function levelOf(page: Float32Array, base: number): number {
  return (page[base + P.levelSum]! + LEVEL.calls) / (page[base + P.levelMinutes]! + LEVEL.minutes);
}

const STEP = 4;

/** The profile's rate, interpolated between the centres of hours, without drift. */
export function profileRate(page: Float32Array, base: number, at: CalendarMinute, level: number): number {
  const here = cellRate(page, base, at.weekend, at.hour, level);
  const other = cellRate(page, base, at.otherWeekend, at.otherHour, level);
  // a step between hours (a nightly batch) is a step, not a slope
  if (here > STEP * other || other > STEP * here) return here;
  return here * (1 - at.otherWeight) + other * at.otherWeight;
}

/** The profile's rate in the hour of a moment, calls a minute, without drift. */
export function hourRate(page: Float32Array, base: number, at: CalendarMinute): number {
  return cellRate(page, base, at.weekend, at.hour, levelOf(page, base));
}

function cellRate(page: Float32Array, base: number, weekend: number, hour: number, level: number): number {
  const sums = base + P.profileSum + hour;
  const minutes = base + P.profileMinutes + hour;
  const hourSum = page[sums]! + page[sums + 24]!;
  const hourMinutes = page[minutes]! + page[minutes + 24]!;
  const hourRate = (hourSum + SHRINK_MINUTES * level) / (hourMinutes + SHRINK_MINUTES);
  return (
    (page[sums + 24 * weekend]! + SHRINK_DAY_MINUTES * hourRate) / (page[minutes + 24 * weekend]! + SHRINK_DAY_MINUTES)
  );
}

export function driftOf(page: Float32Array, base: number): number {
  const drift = (page[base + P.driftSum]! + DRIFT_CALLS) / (page[base + P.driftExpected]! + DRIFT_CALLS);
  return drift < 0.25 ? 0.25 : Math.min(drift, 4);
}

export function fastRate(page: Float32Array, base: number, level: number): number {
  return (page[base + P.fastSum]! + FAST_MINUTES * level) / (page[base + P.fastMinutes]! + FAST_MINUTES);
}

const { phi: DISPERSION_PRIOR, weight: DISPERSION_WEIGHT, indexCalls: INDEX_CALLS } = PRIORS.dispersion;
/** Nothing varies less than this: the expected rate itself is never known better than to a thousandth. */
const LEAST_PHI = 1e-6;

/**
 * Relative variance of a count beyond Poisson's at a horizon (0..4 = 1, 5, 15, 60, 240 minutes): Var(N) = m + phi m². Learnt from
 * this function, shrunk to the prior. Work that comes in batches has a variance in proportion to the mean (compound
 * Poisson, m + k m), which phi of the busy hours tells too little of in quiet ones: so it is at least k / m, with the
 * index of dispersion k of all hours. No mean given = busy hours.
 */
export function dispersion(page: Float32Array, base: number, horizon: number, mean = Number.POSITIVE_INFINITY): number {
  const at = base + P.disp + 2 * horizon;
  const phi = (page[at]! + DISPERSION_PRIOR[horizon]! * DISPERSION_WEIGHT) / (page[at + 1]! + DISPERSION_WEIGHT);
  const index = page[at]! / (page[base + P.levelSum]! + INDEX_CALLS);
  return Math.max(phi, LEAST_PHI, mean > 0 ? index / mean : 0);
}

/** Below this many calls a minute the hours of a day are too thin to be told apart. */
const SPARSE_RATE = 0.4;

/** Largest count seen in a window of `guard` around this hour of the day (its neighbours included), decayed. */
export function guardMaximum(page: Float32Array, base: number, guard: number, hour: number): number {
  const at = base + guard;
  if (page[base + P.levelSum]! < SPARSE_RATE * page[base + P.levelMinutes]!) {
    let largest = 0;
    for (let i = 0; i < 24; i++) if (page[at + i]! > largest) largest = page[at + i]!;
    return largest;
  }
  return Math.max(page[at + hour]!, page[at + ((hour + 23) % 24)]!, page[at + ((hour + 1) % 24)]!);
}

/** Mean, variance between calls and between blocks of a log2 quantity kept as [n, sum, squares, between, weight]. */
export interface LogMoments {
  n: number;
  mean: number;
  variance: number;
  between: number;
}

const { variance: LOG_WEIGHT, between: BETWEEN_WEIGHT } = PRIORS.logWeights;
const MOMENTS: LogMoments = { n: 0, mean: 0, variance: 0, between: 0 };

/** @returns null with fewer than 5 calls of history; the object is reused by the next call */
export function logMoments(
  page: Float32Array,
  at: number,
  variancePrior: number,
  betweenPrior: number,
): LogMoments | null {
  const n = page[at]!;
  if (n < 5) return null;
  const mean = page[at + 1]! / n;
  MOMENTS.n = n;
  MOMENTS.mean = mean;
  MOMENTS.variance = (page[at + 2]! + LOG_WEIGHT * variancePrior) / (n + LOG_WEIGHT);
  MOMENTS.between = (page[at + 3]! + BETWEEN_WEIGHT * betweenPrior) / (page[at + 4]! + BETWEEN_WEIGHT);
  return MOMENTS;
}

/** A share of bad calls: expected share, pseudo-counts behind it, over-dispersion of counts between blocks. */
export interface BadShare {
  share: number;
  /** 1 / squared relative error of the share */
  strength: number;
  phi: number;
  calls: number;
}

/** Shares of bad calls wander by at least a hundredth of themselves. */
const LEAST_BAD_PHI = 1e-4;

const { phi: BAD_PHI, weight: BAD_WEIGHT } = PRIORS.shareDispersion;
const SHARE: BadShare = { share: 0, strength: 0, phi: 0, calls: 0 };

/** The prior counts as `priorCalls` calls at `prior`: bounded, so own history soon outweighs it. */
export function badShare(page: Float32Array, at: number, prior: number, priorCalls: number): BadShare {
  const bad = page[at]! + prior * priorCalls;
  const calls = page[at + 1]! + priorCalls;
  SHARE.share = bad / calls;
  SHARE.strength = bad;
  SHARE.phi = (page[at + 2]! + BAD_PHI * BAD_WEIGHT) / (page[at + 3]! + BAD_WEIGHT);
  if (SHARE.phi < LEAST_BAD_PHI) SHARE.phi = LEAST_BAD_PHI;
  SHARE.calls = page[at + 1]!;
  return SHARE;
}
