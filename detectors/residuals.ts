import { badShare, logMoments } from './baseline.ts';
import { P, Q } from './page.ts';
import type { BadCountRule } from './signals/bad-count.ts';
import { COLD_STARTS } from './signals/cold-starts.ts';
import { SHIFT, SLOW_CALLS } from './signals/duration.ts';
import { BYTES_PER_CALL } from './signals/egress.ts';
import { ERRORS } from './signals/errors.ts';
import { BETWEEN, type LogMeanRule } from './signals/log-mean.ts';
import { MEMORY } from './signals/memory.ts';
import { TIMEOUTS } from './signals/timeouts.ts';
import type { WindowView } from './window-view.ts';

/** What is measured of a window, in words for a person: up and down are against this function's own past. */
export const QUANTITIES = [
  'calls',
  'duration',
  'slow calls',
  'errors',
  'timeouts',
  'cold starts',
  'cost a call',
  'bytes',
  'bytes a call',
  'memory',
] as const;
/** Horizons the vector is made of: 1 and 15 minutes. The long ones are slow copies of these. */
const HORIZONS = [0, 2] as const;
const COUNT = QUANTITIES.length;
/** Residuals of the vector; behind them stands the context. */
export const RESIDUALS = COUNT * HORIZONS.length;

const CONTEXT = ['hour sine', 'hour cosine', 'weekend', 'rate class', 'memory class', 'bytes known', 'memory known'];
/** The order of the vector: it stands in every model, and a model of another order is refused. */
export const FEATURES: readonly string[] = [
  ...HORIZONS.flatMap((h) => QUANTITIES.map((quantity) => `${quantity}, ${h === 0 ? 1 : 15} min`)),
  ...CONTEXT,
];

/** Beyond so many standard deviations, further ones tell nothing more of the shape of a window. */
const CLIP = 8;
/** Anscombe's shift, which makes the spread of √(n + ⅜) nearly that of large counts down to a mean of 1. */
const SHIFT_COUNT = 0.375;

/** sin of 15° × hour, from square roots alone: the same bits everywhere, which `Math.sin` does not promise. */
const SINE: readonly number[] = [
  0,
  (Math.sqrt(6) - Math.sqrt(2)) / 4,
  0.5,
  Math.sqrt(2) / 2,
  Math.sqrt(3) / 2,
  (Math.sqrt(6) + Math.sqrt(2)) / 4,
  1,
];

/** sin of the angle of an hour of the day, 24 hours = one turn. */
export function sineOfHour(hour: number): number {
  const turned = ((hour % 24) + 24) % 24;
  if (turned >= 12) return -sineOfHour(turned - 12);
  return turned > 6 ? SINE[12 - turned]! : SINE[turned]!;
}

const RATE_CLASSES = [0.01, 0.1, 1, 10, 100, 1000]; // calls a minute
const MEMORY_CLASSES = [256, 512, 1024, 2048, 4096, 8192]; // MiB

/** Place of a value among bounds, from −1 to 1. */
function classOf(value: number, bounds: readonly number[]): number {
  let place = 0;
  while (place < bounds.length && value >= bounds[place]!) place++;
  return (2 * place) / bounds.length - 1;
}

/**
 * How far a graded window is from what was expected of it, as standardised residuals of fixed order (`FEATURES`), with its
 * context: what the learned model sees. Never a raw value: a busy and a quiet function look alike. Counts and sums are
 * compared on the square-root scale, where their noise does not depend on their size (Anscombe 1948); means of logs by
 * their own spread. Unknown is 0 and its bit is not set. Nothing is allocated; only + − × ÷ √. About 0.8 µs.
 * @param out `FEATURES.length` numbers
 * @returns bits of the residuals that are known
 */
export function residualsOf(view: WindowView, out: Float64Array): number {
  let known = 0;
  for (let i = 0; i < HORIZONS.length; i++) {
    const h = HORIZONS[i]!;
    const at = i * COUNT;
    known |= put(out, at, callsOf(view, h));
    known |= put(out, at + 1, logMeanOf(view, SHIFT, h));
    known |= put(out, at + 2, badOf(view, SLOW_CALLS, h));
    known |= put(out, at + 3, badOf(view, ERRORS, h));
    known |= put(out, at + 4, badOf(view, TIMEOUTS, h));
    known |= put(out, at + 5, badOf(view, COLD_STARTS, h));
    known |= put(out, at + 6, costOf(view, h));
    known |= put(out, at + 7, bytesOf(view, h));
    known |= put(out, at + 8, logMeanOf(view, BYTES_PER_CALL, h));
    known |= put(out, at + 9, logMeanOf(view, MEMORY, h));
  }
  const { hour, weekend } = view.time.now;
  const memoryKib = view.page[view.base + P.memoryKib]!;
  out[RESIDUALS] = sineOfHour(hour);
  out[RESIDUALS + 1] = sineOfHour(hour + 6);
  out[RESIDUALS + 2] = weekend;
  out[RESIDUALS + 3] = view.rate > 0 ? classOf(view.rate, RATE_CLASSES) : 0;
  out[RESIDUALS + 4] = memoryKib > 0 ? classOf(memoryKib / 1024, MEMORY_CLASSES) : 0;
  out[RESIDUALS + 5] = (known >> (COUNT + 7)) & 1;
  out[RESIDUALS + 6] = (known >> (COUNT + 9)) & 1;
  return known;
}

/** The bit of a known residual; NaN is unknown. */
function put(out: Float64Array, at: number, residual: number): number {
  if (Number.isNaN(residual)) {
    out[at] = 0;
    return 0;
  }
  out[at] = Math.max(-CLIP, Math.min(CLIP, residual));
  return 1 << at;
}

function callsOf(view: WindowView, h: number): number {
  const due = view.expected(h);
  return due > 0 ? countResidual(view.get(h, Q.n), due, view.phi(h)) : Number.NaN;
}

/** (√observed − √expected) by its standard deviation: Var √N ≈ (1 + φ μ) / 4. */
function countResidual(seen: number, due: number, phi: number): number {
  return (2 * (Math.sqrt(seen + SHIFT_COUNT) - Math.sqrt(due + SHIFT_COUNT))) / Math.sqrt(1 + phi * due);
}

function badOf(view: WindowView, rule: BadCountRule, h: number): number {
  const calls = view.get(h, Q.n);
  if (!(calls > 0)) return Number.NaN;
  const { share, strength, phi } = badShare(view.page, view.base + P.bad + 4 * rule.bad, rule.prior, rule.priorCalls);
  return countResidual(view.get(h, rule.quantity), calls * share, phi + 1 / strength);
}

function logMeanOf(view: WindowView, rule: LogMeanRule, h: number): number {
  const n = view.get(h, rule.count);
  const moments = logMoments(view.page, view.base + rule.moments, rule.variancePrior, rule.betweenPrior);
  if (!(n >= 1) || moments === null) return Number.NaN;
  const shift = view.get(h, rule.sum) / n - moments.mean - rule.offset(view);
  return shift / Math.sqrt(moments.variance * (1 / n + 1 / moments.n) + moments.between * BETWEEN[h]!);
}

/** Cost of one call, whatever the number of calls: that one is a residual of its own. */
function costOf(view: WindowView, h: number): number {
  const at = view.base + P.cost;
  const n = view.get(h, Q.n);
  const usual = meanOf(view.page, at);
  if (!(n >= 1) || !(usual > 0)) return Number.NaN;
  return amountResidual(view.get(h, Q.cost) / n / usual, variationOf(view.page, at) * (1 / n + 1 / view.page[at + 1]!));
}

function bytesOf(view: WindowView, h: number): number {
  const at = view.base + P.bytes;
  const usual = meanOf(view.page, at);
  const due = view.expected(h);
  if (!(view.get(h, Q.en) >= 1) || !(usual > 0) || !(due > 0)) return Number.NaN;
  const spread = view.phi(h) + (1 + variationOf(view.page, at)) * (1 / due + 1 / view.page[at + 1]!);
  return amountResidual(view.get(h, Q.bytes) / (due * usual), spread);
}

/** (√ratio − 1) by its standard deviation: half the relative one. */
function amountResidual(ratio: number, relativeVariance: number): number {
  return (2 * (Math.sqrt(ratio) - 1)) / Math.sqrt(relativeVariance);
}

/** Mean of [sum, calls, …]; NaN below 10 calls. */
function meanOf(page: Float32Array, at: number): number {
  const calls = page[at + 1]!;
  return calls < 10 ? Number.NaN : page[at]! / calls;
}

function variationOf(page: Float32Array, at: number): number {
  return (page[at + 2]! + 0.5) / (page[at + 3]! + 1);
}
