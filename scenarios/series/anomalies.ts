import type { Random } from '../random.ts';
import type { Drawn } from './shapes.ts';

export const ANOMALY_KINDS = ['spike', 'dip', 'plateau', 'outage', 'shift', 'ramp', 'unrest'] as const;
export type AnomalyKind = (typeof ANOMALY_KINDS)[number];

/** What a person would mark: the first and the last minute of it. */
export interface SeriesLabel {
  readonly kind: AnomalyKind;
  readonly fromMs: number;
  readonly toMs: number;
  /** how far off, in units of what is unusual for the series */
  readonly size: number;
}

export interface Planted {
  readonly kind: AnomalyKind;
  readonly fromRow: number;
  readonly toRow: number;
  readonly size: number;
}

/** How often each kind comes, relative to the others: short ones are what people mark most. */
const SHARES: Readonly<Record<AnomalyKind, number>> = {
  spike: 40,
  dip: 20,
  plateau: 14,
  outage: 8,
  shift: 6,
  ramp: 6,
  unrest: 6,
};
/** of a new level only the beginning is marked */
const SHIFT_MARKED_ROWS = 60;
const FIRST_ROW = 2 * 1440;
/** between the marks of two anomalies */
const APART_ROWS = 180;
/** How far an anomaly is off, in units of what is unusual for the series: median, and spread of the logarithm. */
const MEDIAN_SIZE = 2.4;
const SIZE_SPREAD = 0.6;
/** what lasts for more than half an hour is marked at a smaller size */
const SMALLER_WHEN_LONG = 0.7;
/** nobody marks what a chart does not show */
const VISIBLE_SIZE = 1;
/** some bumps that nobody marks: at most this size */
const BENIGN_SIZE = 0.5;
/** unusual is what one row in a thousand differs from the mean of its neighbours, and at least so many standard deviations */
const UNUSUAL_RANK = 0.999;
const UNUSUAL_NOISE = 3.5;
const NEIGHBOURS = 15;

/** What a person who looks at the whole chart would call far off. */
function unusualSize({ values }: Drawn): number {
  const gaps = new Float64Array(values.length);
  let sum = 0;
  for (let row = 0; row < values.length; row++) {
    sum += (values[row] ?? 0) - (row >= NEIGHBOURS ? (values[row - NEIGHBOURS] ?? 0) : 0);
    gaps[row] = Math.abs((values[row] ?? 0) - sum / Math.min(row + 1, NEIGHBOURS));
  }
  return gaps.sort()[Math.floor(UNUSUAL_RANK * (gaps.length - 1))] ?? 0;
}

function kindOf(random: Random): AnomalyKind {
  let left = random.unit() * Object.values(SHARES).reduce((sum, share) => sum + share, 0);
  for (const kind of ANOMALY_KINDS) {
    left -= SHARES[kind];
    if (left < 0) return kind;
  }
  return 'spike';
}

function lengthOf(kind: AnomalyKind, random: Random): number {
  switch (kind) {
    case 'spike':
      return random.chance(0.5) ? 1 : random.integer(2, 5);
    case 'dip':
      return random.integer(2, 20);
    case 'plateau':
      return Math.round(random.logBetween(10, 180));
    case 'outage':
      return Math.round(random.logBetween(3, 60));
    case 'shift':
      return Number.MAX_SAFE_INTEGER; // stays
    case 'ramp':
      return Math.round(random.logBetween(30, 240));
    case 'unrest':
      return Math.round(random.logBetween(15, 120));
  }
}

/** Writes a value where it is possible: a share stays at most 100, a count stays whole. */
function put({ values, low, high, whole }: Drawn, row: number, value: number): void {
  const kept = Math.min(high, Math.max(low, value));
  values[row] = whole ? Math.round(kept) : kept;
}

function signOf(drawn: Drawn, kind: AnomalyKind, random: Random): number {
  if (drawn.side !== 0) return drawn.side;
  if (kind === 'dip') return -1;
  return random.chance(kind === 'spike' ? 0.75 : 0.5) ? 1 : -1;
}

/** What is left of the effect after counts were kept whole and shares within their limits. */
function realisedSize(before: Float64Array, after: Float64Array, kind: AnomalyKind): number {
  const changes = before.map((value, row) => Math.abs((after[row] ?? 0) - value)).sort();
  const rank = kind === 'ramp' || kind === 'unrest' ? 0.9 : 0.5;
  const longer = before.length > 30 ? 1 / SMALLER_WHEN_LONG : 1;
  return longer * (changes[Math.floor(rank * (changes.length - 1))] ?? 0);
}

function alter(drawn: Drawn, kind: AnomalyKind, fromRow: number, rows: number, random: Random, size: number): void {
  const sign = signOf(drawn, kind, random);
  const smallerWhenLong = rows > 30 ? SMALLER_WHEN_LONG : 1;
  const end = Math.min(drawn.values.length, fromRow + rows);
  for (let row = fromRow; row < end; row++) {
    const value = drawn.values[row] ?? 0;
    const into = (row - fromRow + 1) / rows;
    if (kind === 'outage') put(drawn, row, drawn.side === 1 ? value + 1.5 * size : value * 0.05);
    else if (kind === 'unrest') put(drawn, row, value + 0.6 * size * random.normal());
    else if (kind === 'ramp') put(drawn, row, value + sign * size * into);
    else put(drawn, row, value + sign * size * smallerWhenLong);
  }
}

/** Alters the values and returns what a person would mark, in order of time. */
export function plantAnomalies(random: Random, drawn: Drawn): Planted[] {
  const rows = drawn.values.length;
  const mean = (3.5 * rows) / 30_000;
  const wanted = random.poisson(mean * random.gammaOfMeanOne(1.2));
  const planted: Planted[] = [];
  const unusual = unusualSize(drawn);
  const unitAt = (row: number) => Math.max(unusual, UNUSUAL_NOISE * (drawn.noise[row] ?? 0));
  for (let tries = 0; tries < 4 * wanted && planted.length < wanted; tries++) {
    const kind = kindOf(random);
    const length = lengthOf(kind, random);
    const fromRow = random.integer(FIRST_ROW, rows - 300);
    const marked = Math.min(kind === 'shift' ? SHIFT_MARKED_ROWS : length, rows - fromRow);
    const touched = Math.min(length, rows - fromRow);
    const clashes = planted.some(
      (it) => fromRow < it.toRow + APART_ROWS && it.fromRow < fromRow + touched + APART_ROWS,
    );
    if (clashes) continue;
    const before = drawn.values.slice(fromRow, fromRow + touched);
    const unit = unitAt(fromRow);
    alter(drawn, kind, fromRow, length, random, unit * MEDIAN_SIZE * Math.exp(SIZE_SPREAD * random.normal()));
    const size = realisedSize(before, drawn.values.subarray(fromRow, fromRow + touched), kind) / unit;
    if (size >= VISIBLE_SIZE) planted.push({ kind, fromRow, toRow: fromRow + marked - 1, size });
    else drawn.values.set(before, fromRow);
  }
  for (let bump = random.poisson((4 * rows) / 30_000); bump > 0; bump--) {
    const fromRow = random.integer(0, rows - 60);
    if (planted.some((it) => fromRow < it.toRow + APART_ROWS && it.fromRow < fromRow + APART_ROWS)) continue;
    alter(drawn, 'plateau', fromRow, random.integer(1, 30), random, unitAt(fromRow) * random.between(0.2, BENIGN_SIZE));
  }
  return planted.sort((a, b) => a.fromRow - b.fromRow);
}
