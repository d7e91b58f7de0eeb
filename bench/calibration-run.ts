import { createCalendar } from '../detectors/calendar.ts';
import { TAIL, TAILS } from '../detectors/calibrate.ts';
import { C } from '../detectors/cells.ts';
import { gradeFunction } from '../detectors/grade.ts';
import { cellAt, dropMinute } from '../detectors/open-windows.ts';
import { EPOCH_MINUTE, P, PAGE } from '../detectors/page.ts';
import type { GradeTime } from '../detectors/ring.ts';
import { DEFAULT_SETTINGS } from '../detectors/settings.ts';
import { Shard } from '../detectors/shard.ts';
import { gapSurprise } from '../detectors/signals/silence.ts';
import { DEFAULT_PRICES } from '../ingest/pricing.ts';
import { Random } from '../scenarios/random.ts';
import { type MinuteDraw, type ProcessName, SimulatedFunction } from './calibration-process.ts';

export const DEEPEST = 6;
/** Functions are told apart in so many groups: their spread is the error of a figure, clusters in time included. */
export const GROUPS = 20;
export const WARM_DAYS = 8;
const DAY = 1440;
/** A Monday, midnight, in minutes since 2020. */
const MONDAY = (Date.UTC(2026, 10, 2) - Date.UTC(2020, 0, 1)) / 60_000;

export interface CellOptions {
  readonly process: ProcessName;
  /** calls a minute, on average */
  readonly rate: number;
  /** scored windows wanted, all functions together */
  readonly windows: number;
  /** simulated minutes of all functions at most: caps cells in which calls are rare */
  readonly mostMinutes: number;
  readonly seed: number;
  /** score by the models alone */
  readonly isRaw: boolean;
}

export interface CellResult {
  readonly process: ProcessName;
  readonly rate: number;
  readonly functions: number;
  readonly days: number;
  /** scored windows a group */
  readonly windows: number[];
  /** [tail][s − 1][group]: windows whose score is s or more */
  readonly beyond: number[][][];
  readonly incidents: number;
  readonly seconds: number;
}

/** Days a function is watched for after the warm-up: a month; longer where calls are rare. */
export function watchedDays(rate: number): number {
  return rate >= 0.1 ? 20 : rate >= 0.01 ? 60 : 120;
}

function functionsFor(options: CellOptions, activeShare: number): number {
  const perFunction = watchedDays(options.rate) * DAY * activeShare;
  const wanted = Math.ceil(options.windows / perFunction / GROUPS);
  const affordable = Math.floor(options.mostMinutes / ((WARM_DAYS + watchedDays(options.rate)) * DAY) / GROUPS);
  return GROUPS * Math.max(1, Math.min(wanted, affordable));
}

/** Share of minutes with a call, roughly: how many functions give the windows asked for. */
function activeShare(process: ProcessName, rate: number): number {
  if (process === 'sparse') return 0.05 * (1 - Math.exp(-20 * rate));
  return 1 - Math.exp(-rate / (process === 'heavy' ? 1.5 : 1));
}

/** Plays one cell: many functions of one nature, side by side, each minute through the shard's own grading. */
export function runCell(options: CellOptions): CellResult {
  const { process: kind, rate } = options;
  const started = performance.now();
  const functions = functionsFor(options, activeShare(kind, rate));
  const days = WARM_DAYS + watchedDays(rate);
  const result: CellResult = {
    process: kind,
    rate,
    functions,
    days,
    windows: Array<number>(GROUPS).fill(0),
    beyond: Array.from({ length: TAILS }, () => Array.from({ length: DEEPEST }, () => Array<number>(GROUPS).fill(0))),
    incidents: 0,
    seconds: 0,
  };
  // a handful at a time: their pages then stay in the processor's cache
  const batch = 16;
  let incidents = 0;
  for (let first = 0; first < functions; first += batch) {
    incidents += playFunctions(options, first, Math.min(batch, functions - first), days, result);
  }
  return { ...result, incidents, seconds: (performance.now() - started) / 1000 };
}

function playFunctions(options: CellOptions, first: number, count: number, days: number, result: CellResult): number {
  const settings = { ...DEFAULT_SETTINGS, disabledSignals: ['lifecycle'] };
  const shard = new Shard(0, { settings, pricesOf: () => DEFAULT_PRICES, invocations: 'none', records: false });
  const timeOf = clock();
  shard.timeOf = timeOf;
  shard.sourceStart = MONDAY;
  const lives: SimulatedFunction[] = [];
  for (let i = 0; i < count; i++) {
    const random = new Random('calibration', options.seed, options.process, options.rate, first + i);
    lives.push(new SimulatedFunction(random, options.process, options.rate));
    shard.slotOf(`function-${first + i}`);
  }
  let incidents = 0;
  for (let minute = 0; minute < days * DAY; minute++) {
    const time = timeOf(MONDAY + minute);
    shard.graded = time.minute - 1;
    const watermarkMs = (time.minute + EPOCH_MINUTE + 2) * 60_000;
    let isEmpty = true;
    for (let slot = 0; slot < count; slot++) {
      const what = lives[slot]!.draw(minute, shard.pages[slot * PAGE + P.slowBar]!);
      if (what !== null) {
        isEmpty = false;
        fill(shard, slot, time.minute, what);
      } else if (shard.isAwake[slot] === 0) continue;
      const isScored = what !== null && shard.pages[slot * PAGE + P.age]! >= WARM_DAYS * DAY;
      const gap = isScored ? gapScore(shard, slot, options.isRaw) : 0;
      if (gradeFunction(shard, slot, time, watermarkMs, false)) shard.isAwake[slot] = 0;
      if (isScored) tally(shard, (first + slot) % GROUPS, gap, options.isRaw, result);
    }
    if (!isEmpty) dropMinute(shard, time.minute);
    incidents += shard.verdicts.reduce(
      (sum, { event, severity }) =>
        sum + (event === 'opened' && severity !== 'info' && minute >= WARM_DAYS * DAY ? 1 : 0),
      0,
    );
    shard.verdicts = [];
    if (shard.awake.length > 4 * count) shard.awake = [];
  }
  return incidents;
}

function clock(): (minute: number) => GradeTime {
  const calendar = createCalendar('UTC');
  let known: GradeTime | null = null;
  return (minute) => {
    if (known?.minute === minute) return known;
    known = {
      minute,
      now: { ...calendar(minute) },
      block5: { ...calendar(minute - 13) },
      block15: { ...calendar(minute - 53) },
      sourceStart: MONDAY,
    };
    return known;
  };
}

/** The gap that a call is about to end, as one test: its surprise grows while it lasts and is final now. */
function gapScore(shard: Shard, slot: number, isRaw: boolean): number {
  const { view } = shard;
  view.page = shard.pages;
  view.base = slot * PAGE;
  const raw = gapSurprise(view);
  return isRaw ? raw : view.calibrated(TAIL.silence, raw);
}

function tally(shard: Shard, group: number, gap: number, isRaw: boolean, result: CellResult): void {
  const { view } = shard;
  result.windows[group] = result.windows[group]! + 1;
  for (let tail = 0; tail < TAILS; tail++) {
    const raw = view.raw[tail]!;
    let score = gap;
    if (tail !== TAIL.silence) score = isRaw || raw === 0 ? raw : view.calibrated(tail, raw);
    const deepest = Math.min(DEEPEST, Math.floor(score));
    const counts = result.beyond[tail]!;
    for (let s = 1; s <= deepest; s++) counts[s - 1]![group] = counts[s - 1]![group]! + 1;
  }
}

function fill(shard: Shard, slot: number, minute: number, what: MinuteDraw): void {
  const at = cellAt(shard, slot, (minute + EPOCH_MINUTE) * 60_000);
  const { values } = shard.cells;
  values[at + C.n] = what.n;
  values[at + C.err] = what.err;
  values[at + C.tmo] = what.tmo;
  values[at + C.oom] = what.oom;
  values[at + C.cold] = what.cold;
  values[at + C.acc] = what.acc;
  values[at + C.stat] = what.n;
  values[at + C.tail] = what.tail;
  values[at + C.dn] = what.dn;
  values[at + C.ds] = what.ds;
  values[at + C.dss] = what.dss;
  values[at + C.durationUs] = what.us;
  values[at + C.costPico] = what.microUsd * 1e6;
  values[at + C.en] = what.en;
  values[at + C.es] = what.es;
  values[at + C.ess] = what.ess;
  values[at + C.bytes] = what.bytes;
  values[at + C.mn] = what.n;
  values[at + C.ms] = what.ms;
}
