import { PRIORS } from '../models/priors/priors.ts';
import { driftOf, fastRate, profileRate } from './baseline.ts';
import type { CalendarMinute } from './calendar.ts';
import { BAD_OF, BADS, P, Q, X } from './page.ts';

const { amounts: AMOUNTS, anyShare: ANY, dispersionCap: CAP } = PRIORS;

/**
 * Absorbs one finished block of windows (15 minutes, or 5 while a function is young) into the baseline. Called about an
 * hour after the block ended, and only when no incident covered it: what was judged anomalous is not learnt.
 * `cell` and `extra` are the block's offsets in the page. About 1 µs.
 */
export function learnBlock(page: Float32Array, base: number, cell: number, extra: number, at: CalendarMinute): void {
  const minutes = page[extra + X.minutes]!;
  if (minutes < 1) return;
  learnRate(page, base, cell, extra, at, minutes);
  learnMoments(
    page,
    base + P.dur,
    page[cell + Q.dn]!,
    page[cell + Q.ds]!,
    page[cell + Q.dss]!,
    DAY_2 ** (minutes / 15),
  );
  learnHour(page, base, cell, at.hour);
  learnMoments(
    page,
    base + P.egr,
    page[cell + Q.en]!,
    page[cell + Q.es]!,
    page[cell + Q.ess]!,
    DAY_2 ** (minutes / 15),
  );
  learnMemory(page, base, cell, minutes);
  learnBad(page, base, cell, minutes);
  learnCost(page, base, cell, minutes);
  page[base + P.blocks] = page[base + P.blocks]! + minutes / 15;
}

// decay a 15-minute block: half-lives of 2 days, 7 days, and (cells are visited about 4 times a day) 2 weeks
const DAY_2 = 0.5 ** (1 / 192);
const DAY_7 = 0.5 ** (1 / 672);
const CELL_DECAY = 0.988;
const DRIFT_DECAY = 0.5 ** (1 / 24);
const FAST_DECAY = 0.5 ** (1 / 8);
const LOSS_DECAY = 0.5 ** (1 / 192);
const GUARD_DECAY = 0.995;

function learnRate(
  page: Float32Array,
  base: number,
  cell: number,
  extra: number,
  at: CalendarMinute,
  minutes: number,
): void {
  const n = page[cell + Q.n]!;
  const share = minutes / 15;
  const levelMinutes = page[base + P.levelMinutes]!;
  if (levelMinutes > 0) judgeRivals(page, base, at, n, minutes, page[base + P.levelSum]! / levelMinutes);
  const ofCell = base + 24 * at.weekend + at.hour;
  decayAdd(page, ofCell + P.profileSum, CELL_DECAY ** share, n);
  decayAdd(page, ofCell + P.profileMinutes, CELL_DECAY ** share, minutes);
  decayAdd(page, base + P.levelSum, DAY_7 ** share, n);
  decayAdd(page, base + P.levelMinutes, DAY_7 ** share, minutes);
  decayAdd(page, base + P.fastSum, FAST_DECAY ** share, n);
  decayAdd(page, base + P.fastMinutes, FAST_DECAY ** share, minutes);
  decayAdd(page, base + P.disp, DAY_7 ** share, page[extra + X.q1]!);
  decayAdd(page, base + P.disp + 1, DAY_7 ** share, page[extra + X.m1]!);
  decayAdd(page, base + P.disp + 2, DAY_7 ** share, page[extra + X.q5]!);
  decayAdd(page, base + P.disp + 3, DAY_7 ** share, page[extra + X.m5]!);
  learnExcess(page, base + P.disp + 4, n, page[cell + Q.mu]!, DAY_7 ** share, page[base + P.guard15 + at.hour]!);
  raiseGuard(page, base + P.guard1 + at.hour, page[extra + X.max1]!, share);
  raiseGuard(page, base + P.guard5 + at.hour, page[extra + X.max5]!, share);
  raiseGuard(page, base + P.guard15 + at.hour, n / share, share);
  const floor = base + P.floor15 + at.hour;
  const known = page[floor]!;
  if (known < 0 || n / share < known) page[floor] = n / share;
  else page[floor] = known + (n / share - known) * 0.01 * share;
}

/**
 * Which predicts this block better: the profile with its drift, or the mean of the last two hours? Loss on the square-root
 * scale, where the noise of a count does not depend on its size (Anscombe 1948).
 */
function judgeRivals(
  page: Float32Array,
  base: number,
  at: CalendarMinute,
  n: number,
  minutes: number,
  level: number,
): void {
  const bare = profileRate(page, base, at, level) * minutes;
  const profile = bare * driftOf(page, base);
  const fast = fastRate(page, base, level) * minutes;
  decayAdd(page, base + P.lossProfile, LOSS_DECAY, (Math.sqrt(n) - Math.sqrt(profile)) ** 2);
  decayAdd(page, base + P.lossFast, LOSS_DECAY, (Math.sqrt(n) - Math.sqrt(fast)) ** 2);
  const share = minutes / 15;
  decayAdd(page, base + P.driftSum, DRIFT_DECAY ** share, n);
  decayAdd(page, base + P.driftExpected, DRIFT_DECAY ** share, bare);
}

/**
 * Over-dispersion of a count: (n − mean)² − mean against mean², the square capped so that one outlier cannot own it.
 * `known` = a count this function has shown before: deviations of that size are its nature, however small the mean.
 */
export function learnExcess(
  page: Float32Array,
  at: number,
  n: number,
  mean: number,
  decay: number,
  known: number,
): void {
  if (!(mean > 0)) return;
  page[at] = page[at]! * decay + cappedExcess(n, mean, page[at]!, page[at + 1]!, known);
  page[at + 1] = page[at + 1]! * decay + mean * mean;
  if (page[at]! < 0) page[at] = 0;
}

export function cappedExcess(n: number, mean: number, excess: number, squares: number, known: number): number {
  const phi = (excess + CAP.phi * CAP.weight) / (squares + CAP.weight);
  const square = (n - mean) ** 2;
  const cap = Math.max(50 * (mean + phi * mean * mean) + 16, 2 * known * known);
  return Math.min(square, cap) - mean;
}

function learnMoments(page: Float32Array, at: number, n: number, sum: number, squares: number, decay: number): void {
  if (n < 1) {
    page[at + 3] = page[at + 3]! * decay;
    page[at + 4] = page[at + 4]! * decay;
    return;
  }
  const known = page[at]!;
  const blockMean = sum / n;
  const mean = known > 0 ? page[at + 1]! / known : blockMean;
  const variance = known > 0 ? page[at + 2]! / known : 0;
  const residual = Math.max(0, squares - 2 * mean * sum + n * mean * mean);
  if (known >= 20 && n >= 3) {
    const between = (blockMean - mean) ** 2 - variance / n;
    const weight = Math.min(1, n / 10);
    const cap = 30 * (variance / n + page[at + 3]! / (page[at + 4]! + 1) + 0.01);
    page[at + 3] = Math.max(0, page[at + 3]! * decay + weight * Math.min(cap, between));
    page[at + 4] = page[at + 4]! * decay + weight;
  }
  page[at] = known * decay + n;
  page[at + 1] = page[at + 1]! * decay + sum;
  page[at + 2] = page[at + 2]! * decay + Math.min(residual, n * (60 * (variance + 0.05) + (0.2 * residual) / n));
}

/** Offset of this hour's durations from the mean of all, moved a little by each block. */
function learnHour(page: Float32Array, base: number, cell: number, hour: number): void {
  const n = page[cell + Q.dn]!;
  const known = page[base + P.dur]!;
  if (n < 3 || known < 100) return;
  const offset = page[cell + Q.ds]! / n - page[base + P.dur + 1]! / known;
  const at = base + P.durHour + hour;
  const gain = 0.03 * Math.min(1, n / 20);
  page[at] = page[at]! + gain * (Math.max(-0.5, Math.min(0.5, offset)) - page[at]!);
}

/**
 * Memory is a property of the environment: blocks are the sample, calls inside one are not independent. How much blocks
 * stray from each other stays at its prior: learnt, it takes slow leaks for noise (they went unseen in the scenarios).
 */
function learnMemory(page: Float32Array, base: number, cell: number, minutes: number): void {
  const n = page[cell + Q.mn]!;
  if (n < 1) return;
  const at = base + P.mem;
  const value = page[cell + Q.ms]! / n;
  const weight = minutes / 15;
  const decay = DAY_2 ** weight;
  learnMoments(page, at, weight, value * weight, value * value * weight, decay);
}

/** Failures of any kind, timeouts and out of memory: the first of BAD. Cold starts and slow calls are many at first. */
const FAILURES = 3;
/** While so few calls are known, this many bad ones and this share of them are learnt at most. */
const FIRST_CALLS = 100;
const FIRST_BAD = 2;
const FIRST_SHARE = 0.05;

/**
 * How many of `k` bad calls to learn of a function that shows its first calls: one that fails from birth must be said, not
 * learnt. Where it is its nature all the same, the incident lasts a day and becomes the level (see shift.ts).
 */
function plausible(k: number, bad: number, calls: number): number {
  if (calls >= FIRST_CALLS) return k;
  return Math.max(0, Math.min(k, FIRST_BAD + FIRST_SHARE * calls - bad));
}

function learnBad(page: Float32Array, base: number, cell: number, minutes: number): void {
  const decay = DAY_7 ** (minutes / 15);
  const calls = page[cell + Q.n]!;
  for (let i = 0; i < BADS; i++) {
    const at = base + P.bad + 4 * i;
    const known = page[at + 1]!;
    const k = page[cell + BAD_OF[i]!]!;
    if (known > 50 && calls > 0)
      learnExcess(page, at + 2, k, (calls * (page[at]! + ANY.share * ANY.calls)) / (known + ANY.calls), decay, 0);
    page[at] = page[at]! * decay + (i < FAILURES ? plausible(k, page[at]!, known + calls) : k);
    page[at + 1] = known * decay + calls;
  }
}

/** Cost and bytes a call: ratio of sums, and how far a block strays from it relative to its count. */
function learnCost(page: Float32Array, base: number, cell: number, minutes: number): void {
  const decay = DAY_2 ** (minutes / 15);
  learnRatio(page, base + P.cost, page[cell + Q.cost]!, page[cell + Q.n]!, decay);
  learnRatio(page, base + P.bytes, page[cell + Q.bytes]!, page[cell + Q.en]!, decay);
  page[base + P.cost + 4] = Math.max(page[base + P.cost + 4]! * 0.9985, page[cell + Q.cost]!);
  page[base + P.bytes + 4] = Math.max(page[base + P.bytes + 4]! * 0.9985, page[cell + Q.bytes]!);
}

function learnRatio(page: Float32Array, at: number, sum: number, n: number, decay: number): void {
  if (n < 1) return;
  const known = page[at + 1]!;
  if (known >= 10) {
    const mean = page[at]! / known;
    const deviation = (sum / n - mean) ** 2 / (mean * mean + 1e-12);
    const cap = 40 * ((page[at + 2]! + AMOUNTS.variation * AMOUNTS.weight) / (page[at + 3]! + AMOUNTS.weight));
    page[at + 2] = page[at + 2]! * decay + Math.min(cap, deviation * n);
    page[at + 3] = page[at + 3]! * decay + 1;
  }
  page[at] = page[at]! * decay + sum;
  page[at + 1] = known * decay + n;
}

function decayAdd(page: Float32Array, at: number, decay: number, value: number): void {
  page[at] = page[at]! * decay + value;
}

function raiseGuard(page: Float32Array, at: number, value: number, share: number): void {
  page[at] = Math.max(page[at]! * GUARD_DECAY ** share, value);
}
