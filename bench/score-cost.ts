import { parseArgs } from 'node:util';
import { createCalendar } from '../detectors/calendar.ts';
import { learnTails, noteWindow } from '../detectors/calibrate.ts';
import { CELL, P, PAGE, Q } from '../detectors/page.ts';
import { advance, fold, type GradeTime } from '../detectors/ring.ts';
import { WINDOW_SIGNALS } from '../detectors/signals/kinds.ts';
import { WindowView } from '../detectors/window-view.ts';
import { Random } from '../scenarios/random.ts';
import { type MinuteDraw, SimulatedFunction } from './calibration-process.ts';

const HELP = `Usage: npm run bench:score-cost -- [options]
  --minutes N   timed minutes of one function a rate, after two weeks of learning (20000)
  --json        one JSON line at the end

What a metric-window (one signal of one function in one minute) costs to score and to note for calibration, and what the
rest of a graded minute costs: fold, learn, sums. Target: 1000 ns a metric-window.`;
const RATES = [0.1, 1, 100, 10_000];
const ROUNDS = 3;
const SLOW_BAR = 19;
const LEARN_MINUTES = 14 * 1440;
const MONDAY = (Date.UTC(2026, 10, 2) - Date.UTC(2020, 0, 1)) / 60_000;
const SIGNALS = Object.values(WINDOW_SIGNALS);
const { values: flags } = parseArgs({
  options: { minutes: { type: 'string', default: '20000' }, json: { type: 'boolean' }, help: { type: 'boolean' } },
});

interface Cost {
  readonly callsPerMinute: number;
  readonly scoreNs: number;
  readonly restNs: number;
}

/** Processor time, not the clock's: other work on the machine disturbs it less. ns */
function processorNs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) * 1000;
}

/** The same minutes with and without scoring; the difference is what scoring costs. Signals read only, so both learn alike. */
function measure(rate: number, minutes: number): Cost {
  const life = new SimulatedFunction(new Random('score-cost', rate), 'bursts', rate);
  const all = Array.from({ length: LEARN_MINUTES + minutes }, (_, i) => {
    const what = life.draw(i, SLOW_BAR);
    return what === null ? null : sumsOf(what);
  });
  const scored = all.slice(LEARN_MINUTES).filter((sums) => sums !== null).length;
  play(all, true); // compiles both ways
  play(all, false);
  let whole = 0;
  let rest = 0;
  for (let round = 0; round < ROUNDS; round++) {
    whole += play(all, true);
    rest += play(all, false);
  }
  return {
    callsPerMinute: rate,
    scoreNs: (whole - rest) / ROUNDS / scored / SIGNALS.length,
    restNs: rest / ROUNDS / minutes,
  };
}

/** One function through ring, view and, if `isScored`, signals; processor time of the minutes after learning, ns. */
function play(all: readonly (Float64Array | null)[], isScored: boolean): number {
  const page = new Float32Array(PAGE);
  const view = new WindowView();
  const calendar = createCalendar('UTC');
  page[P.firstSeen] = MONDAY;
  page[P.slowBar] = SLOW_BAR;
  page[P.memoryKib] = 512 * 1024;
  let began = 0;
  for (let i = 0; i < all.length; i++) {
    if (i === LEARN_MINUTES) began = processorNs();
    const minute = MONDAY + i;
    const time: GradeTime = {
      minute,
      now: { ...calendar(minute) },
      block5: { ...calendar(minute - 13) },
      block15: { ...calendar(minute - 53) },
      sourceStart: MONDAY,
    };
    const sums = all[i]!;
    view.load(page, 0, time);
    advance(page, 0, time);
    fold(page, 0, minute, sums, view.rate, time.now.hour);
    if (sums === null) continue;
    view.sumHorizons();
    if (isScored) score(view, page, minute);
  }
  return processorNs() - began;
}

function score(view: WindowView, page: Float32Array, minute: number): void {
  if (minute % 15 === 0) learnTails(page, 0);
  view.raw.fill(0);
  for (const signal of SIGNALS) signal(view);
  noteWindow(page, 0, view.raw);
}

function sumsOf(what: MinuteDraw): Float64Array {
  const sums = new Float64Array(CELL);
  sums[Q.n] = what.n;
  sums[Q.err] = what.err;
  sums[Q.tmo] = what.tmo;
  sums[Q.oom] = what.oom;
  sums[Q.cold] = what.cold;
  sums[Q.acc] = what.acc;
  sums[Q.tail] = what.tail;
  sums[Q.dn] = what.dn;
  sums[Q.ds] = what.ds;
  sums[Q.dss] = what.dss;
  sums[Q.cost] = what.microUsd;
  sums[Q.en] = what.en;
  sums[Q.es] = what.es;
  sums[Q.ess] = what.ess;
  sums[Q.bytes] = what.bytes;
  sums[Q.mn] = what.n;
  sums[Q.ms] = what.ms;
  return sums;
}

if (flags.help) process.stdout.write(`${HELP}\n`);
else {
  const costs = RATES.map((rate) => measure(rate, Number(flags.minutes)));
  process.stdout.write(
    `calls/min   ns a metric-window (of ${SIGNALS.length} signals)   ns for the rest of the minute\n`,
  );
  for (const { callsPerMinute, scoreNs, restNs } of costs) {
    process.stdout.write(
      `${String(callsPerMinute).padStart(9)}   ${scoreNs.toFixed(0).padStart(8)}${restNs.toFixed(0).padStart(42)}\n`,
    );
  }
  if (flags.json) process.stdout.write(`${JSON.stringify({ signals: SIGNALS.length, costs })}\n`);
}
