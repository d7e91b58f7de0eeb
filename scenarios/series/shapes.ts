import type { Random } from '../random.ts';
import { DAY_MS, MINUTE_MS } from '../rhythm.ts';

/** What one-minute metrics of web services look like, from general knowledge. */
export const SHAPES = [
  'requests',
  'latency',
  'success',
  'errors',
  'gauge',
  'requests-small',
  'smooth',
  'batch',
  'latency-spiky',
  'steps',
  'sawtooth',
  'uneven',
] as const;
export type ShapeName = (typeof SHAPES)[number];

/** A series before its anomalies. */
export interface Drawn {
  readonly values: Float64Array;
  /** how much a row differs from its neighbours when nothing is wrong: one standard deviation */
  readonly noise: Float64Array;
  readonly low: number;
  readonly high: number;
  readonly whole: boolean;
  /** which way a person would call a deviation wrong: 1 up, -1 down, 0 both */
  readonly side: -1 | 0 | 1;
}

/** A weekend begins and ends within so many days before and after midnight. */
const EDGE_DAYS = 0.2;

interface Room {
  readonly random: Random;
  readonly rows: number;
  readonly startMs: number;
}

/** 0 in the week, 1 at the weekend; people do not change their ways at midnight sharp. `day` in days since 1970. */
function weekendShare(day: number): number {
  const sinceSaturday = (day + 5) % 7; // 1 January 1970 was a Thursday
  return Math.max(
    0,
    Math.min(1, (sinceSaturday + EDGE_DAYS) / (2 * EDGE_DAYS), (2 + EDGE_DAYS - sinceSaturday) / (2 * EDGE_DAYS)),
  );
}

/** Level of each row relative to 1: day, week, differences from day to day, slow drift, and at times a benign new level or a clock change. */
function rhythm({ random, rows, startMs }: Room, strength: number): Float64Array {
  const phase = random.unit();
  const secondPhase = random.unit();
  const first = strength * random.between(0.3, 1.2);
  const second = strength * random.between(0, 0.5);
  const weekend = random.chance(0.5) ? 1 : 1 - strength * random.between(0.1, 0.6);
  const dayNoise = strength * random.between(0.01, 0.08);
  const clockChange = random.chance(0.1) ? random.integer(rows / 3, rows) : rows;
  const newLevel = random.chance(0.25) ? random.integer(rows / 10, rows) : rows;
  const step = random.logBetween(0.7, 1.45);
  const trend = random.chance(0.3) ? random.between(-0.03, 0.03) : 0; // a day
  const perDay = Array.from({ length: Math.ceil(rows / 1440) + 2 }, () => Math.exp(dayNoise * random.normal()));
  const level = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    const ms = startMs + row * MINUTE_MS + (row >= clockChange ? 60 * MINUTE_MS : 0);
    const day = ms / DAY_MS;
    const angle = 2 * Math.PI * (day - phase);
    const wave = first * Math.cos(angle) + second * Math.cos(2 * angle + 6.28 * secondPhase);
    const into = row / 1440 - Math.floor(row / 1440);
    const before = perDay[Math.floor(row / 1440)] ?? 1;
    const after = perDay[Math.floor(row / 1440) + 1] ?? 1;
    const drift = Math.exp((trend * row) / 1440) * (before + (after - before) * into);
    level[row] = Math.exp(wave) * (1 - (1 - weekend) * weekendShare(day)) * drift * (row >= newLevel ? step : 1);
  }
  return level;
}

/** Correlated noise, standard deviation 1. */
function wandering({ random, rows }: Room, minutes: number): Float64Array {
  const keep = Math.exp(-1 / minutes);
  const fresh = Math.sqrt(1 - keep * keep);
  const noise = new Float64Array(rows);
  let now = random.normal();
  for (let row = 0; row < rows; row++) {
    now = keep * now + fresh * random.normal();
    noise[row] = now;
  }
  return noise;
}

const at = (array: Float64Array, row: number) => array[row] ?? 0;

function counts(room: Room, perMinute: number, strength: number): Drawn {
  const { random, rows } = room;
  const level = rhythm(room, strength);
  const wander = wandering(room, random.logBetween(3, 90));
  const wanderSize = random.logBetween(0.005, 0.08);
  const shape = 1 / random.logBetween(0.0003, 0.05);
  const values = new Float64Array(rows);
  const noise = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    const mean = perMinute * at(level, row) * Math.exp(wanderSize * at(wander, row));
    values[row] = random.poisson(mean * random.gammaOfMeanOne(shape));
    noise[row] = Math.sqrt(mean + mean * mean * (1 / shape + wanderSize * wanderSize)) + 0.3;
  }
  return { values, noise, low: 0, high: Number.POSITIVE_INFINITY, whole: true, side: 0 };
}

function latency(room: Room, spikeShare: number): Drawn {
  const { random, rows } = room;
  const base = random.logBetween(3, 900);
  const load = rhythm(room, random.between(0.05, 0.7));
  const wander = wandering(room, random.logBetween(3, 60));
  const wanderSize = random.logBetween(0.01, 0.1);
  const spread = random.logBetween(0.015, 0.2);
  const tail = random.between(1.8, 3.5);
  const values = new Float64Array(rows);
  const noise = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    const mean = base * at(load, row) * Math.exp(wanderSize * at(wander, row));
    const slow = random.chance(spikeShare) ? Math.min(8, (1 - random.unit()) ** (-1 / tail)) : 1;
    values[row] = mean * slow * Math.exp(spread * random.normal());
    noise[row] = mean * Math.hypot(spread, wanderSize);
  }
  return { values, noise, low: 0, high: Number.POSITIVE_INFINITY, whole: false, side: 1 };
}

function success(room: Room): Drawn {
  const { random, rows } = room;
  const calls = random.logBetween(20, 30_000);
  const failing = random.logBetween(2e-5, 1e-2);
  const load = rhythm(room, random.between(0.2, 1));
  const shape = 1 / random.logBetween(0.01, 0.6);
  const values = new Float64Array(rows);
  const noise = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    const due = Math.max(1, random.poisson(calls * at(load, row)));
    const failed = Math.min(due, random.poisson(due * failing * random.gammaOfMeanOne(shape)));
    values[row] = 100 - (100 * failed) / due;
    noise[row] = 100 * Math.sqrt(failing / due + (failing * failing) / shape) + 100 / due / 3;
  }
  return { values, noise, low: 0, high: 100, whole: false, side: -1 };
}

function gauge(room: Room): Drawn {
  const { random, rows, startMs } = room;
  const base = random.between(8, 50);
  const level = rhythm(room, random.between(0, 0.35));
  const wander = wandering(room, random.logBetween(3, 120));
  const wanderSize = base * random.logBetween(0.01, 0.12);
  const spread = base * random.logBetween(0.005, 0.08);
  const every = random.pick([5, 10, 15, 30, 60, 60, 360]);
  const tick = random.chance(0.6) ? base * random.between(0.2, 1.2) : 0;
  const offset = random.integer(0, every - 1);
  const values = new Float64Array(rows);
  const noise = new Float64Array(rows).fill(Math.hypot(wanderSize, spread) + tick * 0.1);
  for (let row = 0; row < rows; row++) {
    const minute = Math.floor(startMs / MINUTE_MS) + row;
    const ticking = minute % every === offset ? tick * random.between(0.8, 1.2) : 0;
    values[row] = base * at(level, row) + wanderSize * at(wander, row) + spread * random.normal() + ticking;
  }
  return { values, noise, low: 0, high: 100, whole: false, side: 0 };
}

/** Low by day, and a job of some minutes or hours at night whose start and height vary. */
function batch(room: Room): Drawn {
  const { random, rows, startMs } = room;
  const drawn = counts(room, random.logBetween(3, 300), random.between(0.1, 0.6));
  const start = random.integer(0, 1200);
  const length = Math.round(random.logBetween(2, 200));
  const jitter = random.chance(0.5) ? 0 : random.integer(1, 12);
  const height = 10 * Math.sqrt(random.logBetween(3, 300)) * random.logBetween(1, 8);
  for (let day = 0; day <= rows / 1440 + 1; day++) {
    const from = day * 1440 - ((startMs / MINUTE_MS) % 1440) + start + random.integer(-jitter, jitter);
    const size = height * Math.exp(0.15 * random.normal());
    for (let row = Math.max(0, from); row < Math.min(rows, from + length); row++) {
      drawn.values[row] = at(drawn.values, row) + random.poisson(size);
    }
  }
  return drawn;
}

function smooth(room: Room): Drawn {
  const { random, rows } = room;
  const level = rhythm(room, random.between(0.3, 1));
  const spread = random.logBetween(0.005, 0.1);
  const wander = wandering(room, random.logBetween(5, 200));
  const wanderSize = random.logBetween(0.003, 0.06);
  const values = level.map((it, row) => 100 * (it + wanderSize * at(wander, row) + spread * random.normal()));
  const noise = new Float64Array(rows).fill(100 * Math.hypot(spread, wanderSize));
  return { values, noise, low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY, whole: false, side: 0 };
}

/** Whole numbers that hold for hours, such as instances of an autoscaled group. */
function steps(room: Room): Drawn {
  const { random, rows } = room;
  const level = rhythm(room, random.between(0, 0.6));
  const size = random.logBetween(2, 60);
  const hold = random.integer(5, 60);
  const values = level.map((_, row) => Math.max(1, Math.round(size * at(level, row - (row % hold)))));
  const flicker = random.chance(0.5) ? 0 : random.logBetween(0.001, 0.2);
  for (let row = 0; row < rows; row++) if (random.chance(flicker)) values[row] = at(values, row) + random.pick([-1, 1]);
  const noise = new Float64Array(rows).fill(0.3 + 0.03 * size);
  return { values, noise, low: 0, high: Number.POSITIVE_INFINITY, whole: true, side: 0 };
}

/** Fills and is emptied, such as a heap. */
function sawtooth(room: Room): Drawn {
  const { random, rows } = room;
  const fill = random.logBetween(0.002, 0.1);
  const spread = random.logBetween(0.002, 0.03);
  const floor = random.between(0.1, 0.5);
  const values = new Float64Array(rows);
  let used = 0;
  for (let row = 0; row < rows; row++) {
    used += fill * random.between(0.5, 1.5);
    if (used > 1 - 0.1 * random.unit()) used = 0;
    values[row] = 500 * (floor + (1 - floor) * used + spread * random.normal());
  }
  const noise = new Float64Array(rows).fill(500 * (spread + 0.08));
  return { values, noise, low: 0, high: Number.POSITIVE_INFINITY, whole: false, side: 0 };
}

/** Noise that is several times wider at some hours than at others, with a heavy tail. */
function uneven(room: Room): Drawn {
  const { random, rows } = room;
  const level = rhythm(room, random.between(0.1, 0.8));
  const width = rhythm(room, 1);
  const spread = random.logBetween(0.01, 0.12);
  const noise = new Float64Array(rows);
  const values = new Float64Array(rows);
  const heavy = random.logBetween(0.001, 0.02);
  for (let row = 0; row < rows; row++) {
    const one = 100 * spread * Math.min(4, at(width, row));
    const shock = random.chance(heavy) ? random.between(1, 4) : 1;
    values[row] = 100 * at(level, row) + one * shock * random.normal();
    noise[row] = one;
  }
  return { values, noise, low: 0, high: Number.POSITIVE_INFINITY, whole: false, side: 0 };
}

/** A series of `rows` minutes without anomalies. */
export function drawShape(shape: ShapeName, random: Random, rows: number, startMs: number): Drawn {
  const room = { random, rows, startMs };
  switch (shape) {
    case 'requests':
      return counts(room, random.logBetween(30, 30_000), random.between(0.3, 1));
    case 'requests-small':
      return counts(room, random.logBetween(0.3, 30), random.between(0.2, 1));
    case 'errors':
      return { ...counts(room, random.logBetween(0.02, 8), random.between(0, 0.6)), side: 1 };
    case 'latency':
      return latency(room, 0);
    case 'latency-spiky':
      return latency(room, random.logBetween(0.002, 0.03));
    case 'success':
      return success(room);
    case 'gauge':
      return gauge(room);
    case 'batch':
      return batch(room);
    case 'smooth':
      return smooth(room);
    case 'steps':
      return steps(room);
    case 'sawtooth':
      return sawtooth(room);
    case 'uneven':
      return uneven(room);
  }
}
