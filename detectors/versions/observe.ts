import { PRIORS } from '../../models/priors/priors.ts';
import { badShare, logMoments } from '../baseline.ts';
import { C } from '../cells.ts';
import { Deploys } from '../deploys.ts';
import { incidentAt } from '../incident.ts';
import { instantText } from '../lifecycle.ts';
import { EPOCH_MINUTE, I, P, PAGE } from '../page.ts';
import type { Shard } from '../shard.ts';
import { FAMILY } from '../signals/signal.ts';
import { COUNT_TESTS } from './counts.ts';
import { MARGIN, NOW_SHARE, SOON } from './difference.ts';
import { centreOf } from './means.ts';
import { COLD_COST } from './newer.ts';
import { O, RECORD, SIDE, SIDE_SIZE } from './observation.ts';

const { logs: LOGS, amounts: AMOUNTS } = PRIORS;
const MINUTE_MS = 60_000;
/** What Lambda calls the code that has no version of its own. */
const UNNUMBERED = '$LATEST';
/** A version is compared for a day; a function that is called too rarely for that, until 64 calls, for at most a week. */
const OBSERVED_MINUTES = 1440;
const OBSERVED_CALLS = 64;
const LONGEST_MINUTES = 7 * 1440;
/** So many calls decide whatever can be decided. */
const ENOUGH_CALLS = 32_768;
/** Calls at the first look; each further look comes at twice as many. */
const FIRST_LOOK = 8;
/** Decay of the last calls, which tell whether a version is still worse: half-life 15 minutes in which it answers. */
const RECENT_DECAY = 0.5 ** (1 / 15);

/** A version answers that is newer than `before`: from now on its calls are counted apart, against what is known until now. */
export function observe(shard: Shard, slot: number, version: number, before: number, minute: number): void {
  endObservation(shard, slot);
  const { observations, pages } = shard;
  const record = observations.add(slot);
  shard.observed[slot] = record + 1;
  const at = record * RECORD;
  const { values, words } = observations;
  words[at + O.version] = version;
  words[at + O.before] = before;
  values[at + O.since] = minute;
  values[at + O.newest] = minute;
  values[at + O.nextLook] = FIRST_LOOK;
  freeze(values, at, pages, slot * PAGE);
}

/**
 * Deploys that were told of in this minute, of functions whose versions have no numbers: from now on every call is one of
 * the new code, as far as the logs can tell.
 */
export function observeDeploys(shard: Shard, minute: number): void {
  const { deploys } = shard.options;
  if (deploys === undefined || deploys === null) return;
  const fromMs = (minute + EPOCH_MINUTE) * MINUTE_MS;
  for (const deploy of deploys.between(fromMs, fromMs + MINUTE_MS)) {
    for (const [slot, key] of shard.keys.entries()) {
      const version = shard.words[slot * PAGE + P.version]!;
      if (shard.texts.get(version) !== UNNUMBERED || !Deploys.isOf(deploy, key)) continue;
      observe(shard, slot, version, version, minute);
      const at = (shard.observed[slot]! - 1) * RECORD;
      shard.observations.words[at + O.label] = shard.hash(`the deploy of ${instantText(deploy.timeMs)}`);
      shard.versionOf[slot] = 0; // its next call is told to be of the version under observation
    }
  }
}

/** What was normal until now, as the tests need it. NaN = not known. */
function freeze(values: Float32Array, at: number, page: Float32Array, base: number): void {
  values[at + O.freedom] = Math.min(24, 4 + page[base + P.levelMinutes]! / 400);
  for (const [i, { bad, prior, priorCalls }] of COUNT_TESTS.entries()) {
    const { share, strength, phi } = badShare(page, base + P.bad + 4 * bad, prior, priorCalls);
    const alpha = 1 / (phi + 1 / strength);
    values[at + O.shares + 2 * i] = alpha;
    values[at + O.shares + 2 * i + 1] = (alpha * (1 - share)) / share;
  }
  freezeMoments(values, at + O.dur, page, base + P.dur, LOGS.duration);
  freezeMoments(values, at + O.egr, page, base + P.egr, LOGS.egress);
  freezeMoments(values, at + O.mem, page, base + P.mem, LOGS.memoryAcrossDays);
  const calls = page[base + P.cost + 1]!;
  values[at + O.cost] = calls < 10 ? Number.NaN : Math.log2(page[base + P.cost]! / calls);
  const variation =
    (page[base + P.cost + 2]! + AMOUNTS.variation * AMOUNTS.weight) / (page[base + P.cost + 3]! + AMOUNTS.weight);
  // relative variance of a call, on the scale of log2
  values[at + O.cost + 1] = variation / (Math.LN2 * Math.LN2);
  values[at + O.cost + 2] = calls;
  values[at + O.cost + 3] = 0.02;
  // a version that is slower by no more than the margin has no more calls beyond this bar than the ones before had
  values[at + O.slowBar] = page[base + P.slowBar]! + MARGIN;
}

function freezeMoments(
  values: Float32Array,
  at: number,
  page: Float32Array,
  from: number,
  prior: { readonly variance: number; readonly between: number },
): void {
  const known = logMoments(page, from, prior.variance, prior.between);
  values[at] = known === null ? Number.NaN : known.mean;
  values[at + 1] = known === null ? prior.variance : known.variance;
  values[at + 2] = known === null ? 0 : known.n;
  values[at + 3] = known === null ? prior.between : known.between;
}

/** The comparison is over: its record and open cells go back. */
export function endObservation(shard: Shard, slot: number): void {
  const record = shard.observed[slot]! - 1;
  if (record < 0) return;
  const { observations } = shard;
  const { values } = observations.cells;
  for (let at = observations.cellOf[record]!; at >= 0; at = values[at + C.nextOfSlot]!) values[at + C.slot] = -1;
  observations.release(record);
  shard.observed[slot] = 0;
  shard.watched[slot] = 0;
}

/** Ends every comparison of which enough is known, or that has had its time. */
export function endOver(shard: Shard): void {
  for (const values of shard.observations.live()) {
    if (isOver(values, shard.graded)) endObservation(shard, values[O.slot]!);
  }
}

function isOver(values: Float32Array, minute: number): boolean {
  const age = minute - values[O.since]!;
  const calls = values[O.fresh]!;
  return calls >= ENOUGH_CALLS || (age >= OBSERVED_MINUTES && (calls >= OBSERVED_CALLS || age >= LONGEST_MINUTES));
}

/** Fields of a cell in the order of the first counts of a side. */
const COUNTS = [C.n, C.err, C.tmo, C.oom, C.acc, C.tail] as const;

/**
 * Adds a graded minute to both sides: the newest version's own cell, and what the cell of the whole function holds beside
 * it. `whole` is the offset of that cell, `hour` the hour of the day. About 50 ns, for functions under observation only.
 */
export function foldVersions(shard: Shard, slot: number, minute: number, whole: number, hour: number): void {
  const record = shard.observed[slot]! - 1;
  if (record < 0) return;
  const { observations } = shard;
  const at = record * RECORD;
  const { values } = observations;
  if (minute < values[at + O.since]! || isForeign(shard.pages, slot * PAGE, values, at)) return;
  const own = newerCell(shard, record, minute);
  const shift = shard.pages[slot * PAGE + P.durHour + hour]!;
  addMinute(shard, values, at, own, whole, shift);
  if (own < 0) return;
  values[at + O.newest] = Math.max(values[at + O.newest]!, minute);
}

/**
 * What began long after the version came is no evidence on it, where no older version answers beside it to compare with:
 * as in learning, the minutes of such an incident are left out.
 */
function isForeign(page: Float32Array, base: number, values: Float32Array, at: number): boolean {
  if (values[at + O.now]! >= NOW_SHARE * values[at + O.fresh]!) return false;
  for (let family = 0; family < FAMILY.event; family++) {
    const incident = incidentAt(base, family);
    if (page[incident + I.open] !== 0 && page[incident + I.onset]! > values[at + O.since]! + SOON) return true;
  }
  return false;
}

function newerCell(shard: Shard, record: number, minute: number): number {
  const { cells, cellOf } = shard.observations;
  for (let at = cellOf[record]!; at >= 0; at = cells.values[at + C.nextOfSlot]!)
    if (cells.values[at + C.minute] === minute) return at;
  return -1;
}

/** Adds one minute to a record at `at` of `values`; `own` = -1: the newest version did not answer in it. */
export function addMinute(
  shard: Shard,
  values: Float32Array,
  at: number,
  own: number,
  whole: number,
  shift: number,
): void {
  const newer = shard.observations.cells.values;
  const all = shard.cells.values;
  const part = (field: number): number => (own < 0 ? 0 : newer[own + field]!);
  const fresh = (field: number): number => part(field) - (field === C.costPico ? part(COLD_COST) : 0);
  const now = (field: number): number => all[whole + field]! - part(field);
  const centre = centreOf(values, at, O.dur) + shift;
  const centreBytes = centreOf(values, at, O.egr);
  addSide(values, at + O.fresh, fresh, centre, centreBytes);
  if (own >= 0) {
    for (let i = at + O.recent; i < at + O.recent + SIDE_SIZE; i++) values[i] = values[i]! * RECENT_DECAY;
    addSide(values, at + O.recent, fresh, centre, centreBytes);
  }
  // in its first minute the calls of older versions came before it, not beside it; and a deploy leaves none beside it
  const isDeploy = !Object.is(values[at + O.label], 0); // a word: not every word is a number
  if (!isDeploy && shard.cells.values[whole + C.minute]! > values[at + O.since]!)
    addSide(values, at + O.now, now, centre, centreBytes);
}

function addSide(
  values: Float32Array,
  side: number,
  of: (field: number) => number,
  centre: number,
  centreBytes: number,
): void {
  const add = (field: number, value: number): void => {
    values[side + field] = values[side + field]! + value;
  };
  for (let i = 0; i < COUNTS.length; i++) add(i, of(COUNTS[i]!));
  addLogs(values, side + SIDE.dn, of(C.dn), of(C.ds), of(C.dss), centre);
  addLogs(values, side + SIDE.en, of(C.en), of(C.es), of(C.ess), centreBytes);
  add(SIDE.mn, of(C.mn));
  add(SIDE.ms, of(C.ms));
  add(SIDE.cost, of(C.costPico) * 1e-6);
  add(SIDE.cold, of(C.cold));
}

/** Measured from a centre, the squares of many calls keep their digits in single precision. */
function addLogs(values: Float32Array, at: number, n: number, sum: number, squares: number, centre: number): void {
  values[at] = values[at]! + n;
  values[at + 1] = values[at + 1]! + (sum - n * centre);
  values[at + 2] = values[at + 2]! + (squares - 2 * centre * sum + n * centre * centre);
}
