import { PRIORS } from '../models/priors/priors.ts';
import { badShare, dispersion, hourRate, levelOf, logMoments } from './baseline.ts';
import type { CalendarMinute } from './calendar.ts';
import { BAD, P, Q } from './page.ts';
import type { SignalName } from './signals/signal.ts';

/** What an hour said of a quantity: how far from its reference, and half the shift to be found, in standard deviations. */
export interface HourResidual {
  readonly residual: number;
  readonly halfShift: number;
}

/** A quantity of a function that may creep. All levels are log2. */
export interface SlowQuantity {
  readonly signal: SignalName;
  readonly unit: string;
  /** what is shown = 2^level × scale */
  readonly scale: number;
  /** how far above its reference it must be, as a factor */
  readonly floor: number;
  /** What the baseline takes for usual now; null while too little is known. */
  level(page: Float32Array, base: number): number | null;
  /** How far the hour in `cell` is from the reference; null when it tells nothing. */
  hour(
    page: Float32Array,
    base: number,
    cell: number,
    at: CalendarMinute,
    reference: number,
    level: number,
  ): HourResidual | null;
  /** What else must hold for it to be worth a word. */
  matters(page: Float32Array, base: number, level: number, reference: number): boolean;
}

/** A deploy that moves duration by a fifth, twice, stays below this. */
const MEAN_FLOOR = 1.5;
/** Memory has a ceiling: its growth is worth a word earlier, and half the size must be in use. */
const MEMORY_FLOOR = 1.3;
const LEAST_USED_SHARE = 0.45;
/** Traffic and errors double before they are told of here: the first is what everybody hopes for, the second starts small. */
const COUNT_FLOOR = 2;
/** The share of failures must have risen by this much. */
const LEAST_RISE = 0.01;

/** History that makes a level: calls, blocks of memory, calls with an outcome, minutes of traffic. */
const CALLS = 50;
const BLOCKS = 8;
const OUTCOMES = 200;
const TRAFFIC_MINUTES = 4320;
/** Calls of an hour that make a mean. */
const HOUR_CALLS = 3;
/** An hour's mean strays less than that of the quarter it is made of (log-mean.ts, BETWEEN). */
const BETWEEN_HOURS = 0.8;
/** Makes the square root of small counts nearly normal (Anscombe 1948). */
const ANSCOMBE = 0.375;

interface MeanOf {
  readonly moments: number;
  readonly count: number;
  readonly sum: number;
  readonly history: number;
  readonly variancePrior: number;
  readonly betweenPrior: number;
  /** a block is one value, however many calls it has */
  readonly ofBlocks: boolean;
  readonly offset: (page: Float32Array, base: number, at: CalendarMinute) => number;
}

const NO_OFFSET = () => 0;
const always = () => true;

function meanLevel(of: MeanOf): SlowQuantity['level'] {
  return (page, base) => {
    const n = page[base + of.moments]!;
    return n < of.history ? null : page[base + of.moments + 1]! / n;
  };
}

function meanHour(of: MeanOf, floor: number): SlowQuantity['hour'] {
  return (page, base, cell, at, reference) => {
    const n = page[cell + of.count]!;
    const known = logMoments(page, base + of.moments, of.variancePrior, of.betweenPrior);
    if (n < HOUR_CALLS || known === null) return null;
    const spread = Math.sqrt(known.variance / (of.ofBlocks ? 1 : n) + known.between * BETWEEN_HOURS);
    const mean = page[cell + of.sum]! / n - of.offset(page, base, at);
    return { residual: (mean - reference) / spread, halfShift: (0.5 * Math.log2(floor)) / spread };
  };
}

/** Residual of a count on the square-root scale, where its noise does not depend on its size. */
function countHour(count: number, expected: number, phi: number): HourResidual {
  const root = (value: number) => 2 * Math.sqrt(value + ANSCOMBE);
  const noise = Math.sqrt(1 + phi * expected);
  return {
    residual: (root(count) - root(expected)) / noise,
    halfShift: (root(expected * Math.sqrt(COUNT_FLOOR)) - root(expected)) / noise,
  };
}

const { logs: LOGS, shares: SHARES, shareDispersion: SPREAD } = PRIORS;
const ERRORS = P.bad + 4 * BAD.err;

function errorShare(page: Float32Array, base: number): number {
  return badShare(page, base + ERRORS, SHARES.errors.share, SHARES.errors.calls).share;
}

const DURATION: MeanOf = {
  moments: P.dur,
  count: Q.dn,
  sum: Q.ds,
  history: CALLS,
  variancePrior: LOGS.duration.variance,
  betweenPrior: LOGS.duration.between,
  ofBlocks: false,
  offset: (page, base, at) => page[base + P.durHour + at.hour]!,
};
const EGRESS: MeanOf = {
  ...DURATION,
  moments: P.egr,
  count: Q.en,
  sum: Q.es,
  variancePrior: LOGS.egress.variance,
  betweenPrior: LOGS.egress.between,
  offset: NO_OFFSET,
};
const MEMORY: MeanOf = {
  ...EGRESS,
  moments: P.mem,
  count: Q.mn,
  sum: Q.ms,
  history: BLOCKS,
  variancePrior: LOGS.memoryAcrossDays.variance,
  betweenPrior: LOGS.memoryAcrossDays.between,
  ofBlocks: true,
};

/** Their order is that of the page: append only. */
export const QUANTITIES: readonly SlowQuantity[] = [
  {
    signal: 'duration',
    unit: 'ms',
    scale: 0.001,
    floor: MEAN_FLOOR,
    level: meanLevel(DURATION),
    hour: meanHour(DURATION, MEAN_FLOOR),
    matters: always,
  },
  {
    signal: 'egress',
    unit: 'bytes per call',
    scale: 1,
    floor: MEAN_FLOOR,
    level: meanLevel(EGRESS),
    hour: meanHour(EGRESS, MEAN_FLOOR),
    matters: always,
  },
  {
    signal: 'memory',
    unit: 'MiB',
    scale: 1 / 1024,
    floor: MEMORY_FLOOR,
    level: meanLevel(MEMORY),
    hour: meanHour(MEMORY, MEMORY_FLOOR),
    matters: (page, base, level) => 2 ** level >= LEAST_USED_SHARE * page[base + P.memoryKib]!,
  },
  {
    signal: 'errors',
    unit: '% of calls failed',
    scale: 100,
    floor: COUNT_FLOOR,
    level: (page, base) => (page[base + ERRORS + 1]! < OUTCOMES ? null : Math.log2(errorShare(page, base))),
    hour: (page, base, cell, _at, reference) => {
      const phi = (page[base + ERRORS + 2]! + SPREAD.phi * SPREAD.weight) / (page[base + ERRORS + 3]! + SPREAD.weight);
      const calls = page[cell + Q.n]!;
      return calls < HOUR_CALLS ? null : countHour(page[cell + Q.err]!, calls * 2 ** reference, phi);
    },
    matters: (_page, _base, level, reference) => 2 ** level - 2 ** reference >= LEAST_RISE,
  },
  {
    signal: 'invocations',
    unit: 'invocations a minute',
    scale: 1,
    floor: COUNT_FLOOR,
    level: (page, base) => {
      const minutes = page[base + P.levelMinutes]!;
      return minutes < TRAFFIC_MINUTES ? null : Math.log2(levelOf(page, base));
    },
    hour: (page, base, cell, at, reference, level) =>
      countHour(page[cell + Q.n]!, 60 * hourRate(page, base, at) * 2 ** (reference - level), dispersion(page, base, 3)),
    matters: always,
  },
];
