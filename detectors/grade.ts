import { learnTails, noteGap, noteWindow } from './calibrate.ts';
import { C } from './cells.ts';
import { endSlow, followSlow } from './creep.ts';
import { decide } from './decide.ts';
import { HABIT } from './decision.ts';
import { closeForgotten } from './follow.ts';
import { learnGap } from './gaps.ts';
import { housekeeping } from './housekeeping.ts';
import { incidentAt, isOpen } from './incident.ts';
import { asleepAfter, oneShot, toldOf } from './lifecycle.ts';
import { dropMinute } from './open-windows.ts';
import { EPOCH_MINUTE, I, P, PAGE, Q } from './page.ts';
import { coverPlanned, isPlanned } from './planned.ts';
import { advance, fold, type GradeTime, HORIZON_MINUTES, within } from './ring.ts';
import { minuteRow, scoreRow } from './rows.ts';
import { KEEP_SCORE, scoreWindow } from './score-window.ts';
import type { Shard } from './shard.ts';
import { isReturn, isShifted, undoShift } from './shift.ts';
import { invocations } from './signals/invocations.ts';
import { WINDOW_SIGNALS } from './signals/kinds.ts';
import { regularGap } from './signals/regular-gap.ts';
import { FAMILIES, FAMILY, type Finding } from './signals/signal.ts';
import { gapSurprise, silence } from './signals/silence.ts';
import { rememberType, speak } from './speak.ts';
import { sumsOf } from './sums.ts';
import { standingOf, versionFindings } from './versions/look.ts';
import { dropNewer } from './versions/newer.ts';
import { foldVersions, observeDeploys } from './versions/observe.ts';

const DAY = 1440;
/** How many null hypotheses a window with calls tests: what multiple testing has to be corrected for. */
const TESTS_OF_WINDOW = Object.keys(WINDOW_SIGNALS).length * HORIZON_MINUTES.length;

/**
 * Grades one minute of every function that is awake: scores it against the past, then lets the past absorb what is an
 * hour old. `partial` = the minute may be cut short by the end of the input: then nothing that is missing counts.
 */
export function gradeMinute(shard: Shard, time: GradeTime, watermarkMs: number, partial: boolean): void {
  shard.graded = time.minute;
  observeDeploys(shard, time.minute);
  const sleepers: number[] = [];
  for (const slot of shard.awake) if (gradeFunction(shard, slot, time, watermarkMs, partial)) sleepers.push(slot);
  if (sleepers.length > 0) {
    for (const slot of sleepers) shard.isAwake[slot] = 0;
    shard.awake = shard.awake.filter((slot) => shard.isAwake[slot] === 1);
  }
  dropMinute(shard, time.minute);
  dropNewer(shard, time.minute);
  if (time.minute % 5 === 0) housekeeping(shard, watermarkMs);
}

/** True when the function falls asleep. */
export function gradeFunction(
  shard: Shard,
  slot: number,
  time: GradeTime,
  watermarkMs: number,
  partial: boolean,
): boolean {
  const page = slot * PAGE;
  const { pages, view } = shard;
  const { minute } = time;
  if (pages[page + P.firstSeen]! > minute) return false;
  const at = cellOf(shard, slot, minute);
  view.load(pages, page, time);
  advance(pages, page, time);
  coverPlanned(shard, slot, minute);
  if (within(minute, 60) === 0) followSlow(shard, slot, time, watermarkMs);
  pages[page + P.age] = pages[page + P.age]! + 1;
  if (minute % 15 === 0) learnTails(pages, page);
  if (minute % 5 === 0 || pages[page + P.slowBar] === 0) pages[page + P.slowBar] = slowBar(pages, page);
  if (at < 0) {
    fold(pages, page, minute, null, partial ? Number.NaN : view.rate, time.now.hour);
    return idle(shard, slot, watermarkMs, partial);
  }
  const sums = sumsOf(shard.cells, at);
  fold(pages, page, minute, sums, view.rate, time.now.hour);
  called(shard, slot, minute, sums[Q.n]!, watermarkMs);
  if (shard.options.records) shard.minutes.push(minuteRow(shard, at, slot, 0));
  pulse(shard, slot, sums[Q.n]!);
  view.sumHorizons();
  levelBack(shard, slot, watermarkMs);
  let findings = withPattern(shard, slot, scoreWindow(shard, slot, partial), partial);
  shard.tested += TESTS_OF_WINDOW;
  if (!partial && view.history >= CALIBRATE_AFTER && !isCovered(shard, slot)) noteWindow(pages, page, view.raw);
  if (shard.observed[slot] !== 0) {
    foldVersions(shard, slot, minute, at, time.now.hour);
    const ofVersion = versionFindings(shard, slot, minute);
    if (ofVersion.length > 0) findings = [...findings, ...ofVersion];
    view.standing = standingOf(shard, slot, minute);
  }
  settle(shard, slot, findings, watermarkMs);
  learnTypes(shard, page, minute);
  if (shard.rowSink !== null) shard.rowSink(shard, slot);
  return false;
}

/** A function's first day says little of how its models fit: they know no rhythm yet. Minutes learnt. */
const CALIBRATE_AFTER = DAY;

/** An incident is open that is not learnt. */
function isCovered(shard: Shard, slot: number): boolean {
  const { pages } = shard;
  const page = slot * PAGE;
  if (isPlanned(shard, slot, shard.view.minute)) return true;
  for (let family = 0; family < FAMILIES; family++) {
    const at = incidentAt(page, family);
    if (pages[at + I.open] !== 0 && pages[at + I.signals]! < HABIT) return true;
  }
  return false;
}

/** … and what the learned model finds, where one is loaded. */
function withPattern(shard: Shard, slot: number, findings: readonly Finding[], partial: boolean): readonly Finding[] {
  if (shard.learned === null || partial) return findings;
  const finding = shard.learned.judge(shard.view, slot);
  if (finding === null || finding.score < KEEP_SCORE) return findings;
  if (shard.options.records) shard.scores.push(scoreRow(shard, slot, finding));
  return [...findings, finding];
}

/** log2 of µs beyond which a warm call is slow: mean + 3 sigma; infinite while too little is known. */
function slowBar(pages: Float32Array, page: number): number {
  const n = pages[page + P.dur]!;
  if (n < 30) return Number.POSITIVE_INFINITY;
  return pages[page + P.dur + 1]! / n + 3 * Math.sqrt(pages[page + P.dur + 2]! / n + 0.01);
}

function cellOf(shard: Shard, slot: number, minute: number): number {
  const { values } = shard.cells;
  for (let at = shard.cellOf[slot]!; at >= 0; at = values[at + C.nextOfSlot]!)
    if (values[at + C.minute] === minute) return at;
  return -1;
}

/** A minute without a call: the gap grows; silence and drops are possible, nothing else is. */
function idle(shard: Shard, slot: number, watermarkMs: number, partial: boolean): boolean {
  const { pages, view } = shard;
  const page = slot * PAGE;
  if (partial) return false;
  pages[page + P.gap] = pages[page + P.gap]! + 1;
  if (view.rate > 0) pages[page + P.gapExpected] = pages[page + P.gapExpected]! + view.rate;
  pulse(shard, slot, 0);
  shard.tested++; // of silence
  levelBack(shard, slot, watermarkMs);
  const findings: Finding[] = [];
  const silent = shard.options.settings.disabledSignals.includes('silence')
    ? null
    : (silence(view) ?? regularGap(view));
  if (silent !== null) findings.push(silent);
  const open = anyOpen(shard, page);
  view.standing = standingOf(shard, slot, view.minute);
  if (open || (within(view.minute, 5) === 4 && view.rate > 0.1)) {
    view.sumHorizons();
    const drop = invocations(view);
    if (drop !== null && drop.direction === 'down' && !isReturn(view, drop)) findings.push(drop);
  }
  if (findings.length > 0 || open) settle(shard, slot, findings, watermarkMs);
  if (pages[page + P.gap]! < asleepAfter(shard, page)) return false;
  closeAll(shard, slot, watermarkMs);
  return true;
}

/**
 * Once a quarter of an hour, called or not (a schedule may never call in the minute that is looked at): what had shifted,
 * and was accepted, may be back.
 */
function levelBack(shard: Shard, slot: number, watermarkMs: number): void {
  const { pages, view } = shard;
  if (!isShifted(pages, slot * PAGE) || within(view.minute, 15) !== 14) return;
  view.sumHorizons();
  const back = undoShift(view);
  if (back === null) return;
  oneShot(shard, slot, (view.minute + EPOCH_MINUTE) * 60_000, watermarkMs, `level-back:${back}`, '');
  view.load(pages, slot * PAGE, view.time);
  view.sumHorizons();
}

function called(shard: Shard, slot: number, minute: number, n: number, watermarkMs: number): void {
  const { pages } = shard;
  const page = slot * PAGE;
  const gap = pages[page + P.gap]!;
  if (gap > 0) {
    if (shard.view.history >= CALIBRATE_AFTER && !isCovered(shard, slot)) noteGap(pages, page, gapSurprise(shard.view));
    if (!isPlanned(shard, slot, minute)) {
      learnGap(pages, page, gap, pages[page + P.gapExpected]!, isOpen(pages, page, FAMILY.silence));
    }
    pages[page + P.gap] = 0;
    pages[page + P.gapExpected] = 0;
  }
  pages[page + P.lastSeen] = minute;
  const before = pages[page + P.total]!;
  pages[page + P.total] = Math.min(before + n, 16_777_216);
  const source = minute - shard.sourceStart;
  const lived = minute - pages[page + P.firstSeen]!;
  const ms = (minute + EPOCH_MINUTE) * 60_000;
  if (lived === 0 && source >= DAY)
    oneShot(shard, slot, ms, watermarkMs, 'first-seen:', '', toldOf(shard, slot, null, ms));
  if (lived <= 30 && before < BURST && before + n >= BURST && source >= 2 * DAY) {
    oneShot(shard, slot, ms, watermarkMs, `new-function-burst:${before + n} calls in ${lived + 1} min`, '');
  }
}

/** A function never seen before that starts with so many calls in its first half hour deserves a look. */
const BURST = 30;

/** What one function counts at most in the pulse of all, calls a minute. */
const PULSE_CALLS = 2;

function pulse(shard: Shard, slot: number, n: number): void {
  const { view } = shard;
  if (!(view.history >= 60) || isPlanned(shard, slot, view.minute)) return;
  const account = shard.accounts[slot]!;
  let sums = shard.pulses.get(account);
  if (sums === undefined) {
    sums = { account, expected: 0, observed: 0, functions: 0 };
    shard.pulses.set(account, sums);
  }
  // no single function may look like everybody
  sums.expected += Math.min(view.rate, PULSE_CALLS);
  sums.observed += Math.min(n, PULSE_CALLS);
  if (view.rate >= 0.1) sums.functions++;
}

function settle(shard: Shard, slot: number, findings: readonly Finding[], watermarkMs: number): void {
  if (findings.length === 0 && isCalm(shard, slot * PAGE)) return;
  for (const decision of decide(shard.view, findings, shard.options.settings))
    speak(shard, slot, decision, watermarkMs);
}

/** No incident is open and no window of late was bad: nothing can follow from a window without findings. */
function isCalm(shard: Shard, page: number): boolean {
  const { pages } = shard;
  for (let family = 0; family < FAMILIES; family++) {
    if (pages[incidentAt(page, family) + I.open] !== 0 || pages[page + P.streak + family] !== 0) return false;
  }
  return true;
}

function anyOpen(shard: Shard, page: number): boolean {
  for (let family = 0; family < FAMILIES; family++)
    if (shard.pages[incidentAt(page, family) + I.open] !== 0) return true;
  return false;
}

const UNCALLED = 'the function has not been called for days';

function closeAll(shard: Shard, slot: number, watermarkMs: number): void {
  const { view } = shard;
  endSlow(shard, slot, UNCALLED, watermarkMs);
  for (let family = 0; family < FAMILIES; family++) {
    if (shard.pages[incidentAt(slot * PAGE, family) + I.open] === 0) continue;
    for (const decision of closeForgotten(view, family, UNCALLED)) speak(shard, slot, decision, watermarkMs);
  }
}

/** An error type that has been around for an hour, or that a young function shows, is known from now on. */
function learnTypes(shard: Shard, page: number, minute: number): void {
  const { pages } = shard;
  if (pages[page + P.newType] === 0) return;
  const young = minute - pages[page + P.firstSeen]! < 720;
  if (!young && minute - pages[page + P.newType + 1]! < 60) return;
  rememberType(shard, page);
}
