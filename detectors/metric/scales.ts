import { AT, DAY_PARTS, RANGE, ROW, STATISTICS } from './layout.ts';

/** Rows that the typical distance of a row remembers: an anomaly must not widen it at once. Windows overlap, and remember three times as many. */
const SCALE_ROWS = 600;
const WINDOW_SCALE_ROWS = 2000;
/** days that the width of a part of the day remembers */
const PART_DAYS = 5;
/** The width of this part of the day may halve a scale, not more: it is known from few days. */
const LEAST_PART_SHARE = 0.5;
/**
 * A scale is at least this share of a typical change between rows that differ at all: series that mostly stand still,
 * or are mostly zero, have no other scale.
 */
const JUMP_SHARE = 0.6;
const WINDOW_JUMP_SHARE = 0.2;
const JUMP_MEMORY = 300;
const FEWEST_JUMPS = 20;
/** smaller than this share of the value is rounding, not a change */
const ROUNDING = 1e-9;
/** A scale is also at least this share of the distance from the mean, and of the level: what rounding leaves of a constant. */
const LEAST_SPREAD_SHARE = 1e-3;
const LEAST_LEVEL_SHARE = 1e-12;
/** A new extreme is measured against at least this share of the range. */
const RANGE_SHARE = 0.02;
/** one outlier counts at most as so many typical distances */
const OUTLIER_LIMIT = 6;
/** What surprises more than this is learnt at a fifth: it may be the new level, and it may be an anomaly. */
const CALM_SURPRISE = 6;
const ANOMALOUS_SHARE = 0.2;

/** Typical distance of a statistic from what is expected, now; > 0. */
export function scaleOf(state: Float64Array, statistic: number, part: number): number {
  const rowScale = state[AT.scale + ROW]!;
  const partWidth = state[AT.partWidth + part]!;
  let scale: number;
  let jumpShare = JUMP_SHARE;
  if (statistic === RANGE) scale = Math.max(rowScale, RANGE_SHARE * (state[AT.high]! - state[AT.low]!));
  else {
    scale = state[AT.scale + statistic]!;
    if (partWidth > 0 && rowScale > 0) scale *= Math.max(LEAST_PART_SHARE, Math.sqrt(partWidth / rowScale));
    if (statistic !== ROW) jumpShare = WINDOW_JUMP_SHARE;
  }
  const floor = Math.max(LEAST_SPREAD_SHARE * state[AT.spread]!, LEAST_LEVEL_SHARE * Math.abs(state[AT.level]!));
  return Math.max(scale, jumpShare * state[AT.jump]!, floor, Number.MIN_VALUE);
}

/** Learns from the signed differences of a row. O(1). */
export function learnScales(
  state: Float64Array,
  gaps: Float64Array,
  part: number,
  surprise: number,
  rowsPerDay: number,
): void {
  const seen = state[AT.rows]!;
  const share = surprise < CALM_SURPRISE ? 1 : ANOMALOUS_SHARE;
  for (let statistic = 0; statistic < STATISTICS.length - 1; statistic++) {
    const memory = Math.min(seen + 1, statistic === ROW ? SCALE_ROWS : WINDOW_SCALE_ROWS);
    const scale = state[AT.scale + statistic]!;
    const distance = Math.abs(gaps[statistic]!);
    const counted = scale > 0 ? Math.min(distance, OUTLIER_LIMIT * scale) : distance;
    state[AT.scale + statistic] = scale + (share / memory) * (counted - scale);
  }
  const rowScale = state[AT.scale + ROW]!;
  const width = state[AT.partWidth + part]!;
  const distance = Math.abs(gaps[ROW]!);
  if (!(width > 0)) state[AT.partWidth + part] = Math.max(rowScale, distance);
  else {
    const memory = PART_DAYS * Math.max(1, rowsPerDay / DAY_PARTS);
    state[AT.partWidth + part] = width + (Math.min(distance, OUTLIER_LIMIT * width) - width) / memory;
  }
}

/** Learns the typical change between rows that differ. Call before the last value is replaced. */
export function learnJump(state: Float64Array, value: number): void {
  const change = Math.abs(value - state[AT.last]!);
  if (!(change > ROUNDING * Math.abs(value))) return;
  const jumps = Math.min(state[AT.jumps]! + 1, JUMP_MEMORY);
  const jump = state[AT.jump]!;
  const counted = jumps > FEWEST_JUMPS ? Math.min(change, OUTLIER_LIMIT * jump) : change;
  state[AT.jumps] = jumps;
  state[AT.jump] = jump + (counted - jump) / jumps;
}
