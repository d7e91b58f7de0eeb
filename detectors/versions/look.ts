import { C } from '../cells.ts';
import { P, PAGE } from '../page.ts';
import type { Shard } from '../shard.ts';
import { type Finding, SIGNALS, type SignalName } from '../signals/signal.ts';
import { type Difference, SOON, type VersionScene } from './difference.ts';
import { O, RECORD } from './observation.ts';
import { addMinute } from './observe.ts';
import type { VersionSplit } from './split.ts';
import { compare, SIGNAL_OF, stands, TESTS } from './tests.ts';

/**
 * False verdicts that a thousand harmless deploys may bring, all looks and tests together. Between 1 and 15 of 100 deploys
 * do harm (change failure rate), where one window in a million does: so a version needs far less evidence than a window.
 */
const ALPHA = 1e-3;
/** An incident that is being told of near a new version: so improbable must the split be by chance to name the version. */
const NAMED = 2;
/** … and by so much it must differ. */
const NAMED_RATIO = 1.5;
/** Long windows begin before what is in them, minutes. */
const BEFORE = 15;
/** Calls of older versions that are enough to be compared with: more for a verdict, where too few of them only blur it. */
const BESIDE = { verdict: 30, note: 8 } as const;
/** A version that misses so many of its calls has been taken back. */
const MISSED = 8;
const NOTHING: readonly Finding[] = [];
const HORIZONS = [1, 5, 15, 60] as const;

/**
 * Score needed at the look number `look` (1, 2, …): alpha is spent on looks as 1 / (look · (look + 1)), which adds up to
 * all of it however many there are, most of it early (Lan & DeMets 1983 after O'Brien & Fleming 1979 and Pocock 1977), and
 * in equal parts on the tests (Bonferroni).
 */
export function barOf(look: number): number {
  return -Math.log10(ALPHA / (TESTS * look * (look + 1)));
}

/** Looks at the newest version when its calls have doubled since the last look: what is worse, and not said yet. */
export function versionFindings(shard: Shard, slot: number, minute: number): readonly Finding[] {
  const record = shard.observed[slot]! - 1;
  if (record < 0) return NOTHING;
  const at = record * RECORD;
  const { values, words } = shard.observations;
  const calls = values[at + O.fresh]!;
  if (calls < values[at + O.nextLook]!) return NOTHING;
  let next = values[at + O.nextLook]!;
  while (calls >= next && next > 0 && next < Number.POSITIVE_INFINITY) next *= 2;
  values[at + O.nextLook] = next;
  const look = values[at + O.looks]! + 1;
  values[at + O.looks] = look;
  const bar = barOf(look);
  const scene = sceneOf(shard, slot, minute, values[at + O.since]!, BESIDE.verdict);
  const best = new Map<SignalName, Difference>();
  const before = words[at + O.mattered]!;
  let found = 0;
  let mattered = 0;
  for (let test = 0; test < TESTS; test++) {
    const difference = compare(values, at, test, scene);
    if (difference === null || !difference.matters) continue;
    mattered |= 1 << test;
    // without older versions beside it only what was so at the last look too can be the version's from the start
    if (difference.score < bar || !(difference.beside || (before & (1 << test)) !== 0)) continue;
    found |= 1 << test;
    if (difference.score > (best.get(difference.signal)?.score ?? 0)) best.set(difference.signal, difference);
  }
  words[at + O.mattered] = mattered;
  words[at + O.found] = words[at + O.found]! | found;
  if (best.has('duration')) best.delete('cost'); // it has its reason
  const { disabledSignals } = shard.options.settings;
  return [...best.values()]
    .filter(({ signal }) => (words[at + O.said]! & bitOf(signal)) === 0 && !disabledSignals.includes(signal))
    .map((difference) => findingOf(shard, record, difference, scene, look, bar));
}

const bitOf = (signal: SignalName): number => 1 << SIGNALS.indexOf(signal);

function sceneOf(shard: Shard, slot: number, minute: number, since: number, leastBeside: number): VersionScene {
  const { pages } = shard;
  const page = slot * PAGE;
  return {
    age: minute - since + 1,
    memoryKib: pages[page + P.memoryKib]!,
    resized: pages[page + P.memorySince]! >= since - 5 && pages[page + P.memorySince] !== 0,
    leastBeside,
  };
}

function findingOf(
  shard: Shard,
  record: number,
  difference: Difference,
  scene: VersionScene,
  look: number,
  bar: number,
): Finding {
  const { signal, score, observed, low, mid, high, unit, ratio, support, model, newer, older } = difference;
  const split = splitOf(shard, record, difference, difference.beside ? 'only' : 'since');
  const horizon = HORIZONS.findIndex((minutes) => scene.age <= minutes);
  return {
    signal,
    direction: 'up',
    horizon: horizon < 0 ? HORIZONS.length : horizon,
    score,
    observed,
    low,
    mid,
    high,
    unit,
    ratio,
    support,
    model,
    rule: `${newer} passes the floors against ${older}`,
    drivers: [],
    split,
    opens: `score ${score.toFixed(1)} reaches ${bar.toFixed(1)}, the bar at look ${look} at a new version (1 false verdict in ${1 / ALPHA} deploys)`,
  };
}

function splitOf(shard: Shard, record: number, difference: Difference, claim: VersionSplit['claim']): VersionSplit {
  const at = record * RECORD;
  const { values, words } = shard.observations;
  const { newer, older, score } = difference;
  const version = shard.texts.get(words[at + O.version]!) ?? '?';
  const name = shard.texts.get(words[at + O.label]!) ?? `version ${version}`;
  return { claim, version, name, sinceMinute: values[at + O.since]!, newer, older, score };
}

/** The signal whose tests tell of it: failures of a new type are failures. */
const testedAs = (signal: SignalName): SignalName => (signal === 'error_type' ? 'errors' : signal);

/** Remembers that this version was named for this signal: it is said once. */
export function noteSaid(shard: Shard, slot: number, named: SignalName): void {
  const signal = testedAs(named);
  const record = shard.observed[slot]! - 1;
  if (record < 0) return;
  const at = record * RECORD + O.said;
  shard.observations.words[at] = shard.observations.words[at]! | bitOf(signal);
}

/** Signals in which the newest version was found worse and still is: a bitmap. What was opened for them goes on. */
export function standingOf(shard: Shard, slot: number, minute: number): number {
  const record = shard.observed[slot]! - 1;
  if (record < 0) return 0;
  const at = record * RECORD;
  const { values, words } = shard.observations;
  const found = words[at + O.found]!;
  if (found === 0) return 0;
  const newest = values[at + O.newest]!;
  const perMinute = values[at + O.fresh]! / (newest - values[at + O.since]! + 1);
  if ((minute - newest) * perMinute > MISSED) return 0;
  let standing = 0;
  for (let test = 0; test < TESTS; test++)
    if ((found & (1 << test)) !== 0 && stands(values, at, test)) standing |= bitOf(SIGNAL_OF[test]!);
  return standing;
}

/**
 * What the split by version says of an incident that other evidence opened, minutes that are not graded yet included;
 * null where there is no new version, or too little of it. About 2 µs, for alerts only.
 */
export function splitFor(shard: Shard, slot: number, signal: SignalName, onset: number): VersionSplit | null {
  const record = shard.observed[slot]! - 1;
  if (record < 0) return null;
  const values = upToNow(shard, slot, record);
  const since = values[O.since]!;
  const scene = sceneOf(shard, slot, Math.max(shard.graded, values[O.newest]!), since, BESIDE.note);
  let best: Difference | null = null;
  for (let test = 0; test < TESTS; test++) {
    if (SIGNAL_OF[test] !== testedAs(signal)) continue;
    const difference = compare(values, 0, test, scene);
    if (difference !== null && difference.score >= (best?.score ?? 0)) best = difference;
  }
  if (best === null) return null;
  if (best.score >= NAMED && best.ratio >= NAMED_RATIO) {
    if (best.beside) return splitOf(shard, record, best, 'only');
    return onset >= since - BEFORE && onset <= since + SOON ? splitOf(shard, record, best, 'since') : null;
  }
  return best.olderScore >= NAMED ? splitOf(shard, record, best, 'alike') : null;
}

/** A copy of the record with the open minutes added. */
function upToNow(shard: Shard, slot: number, record: number): Float32Array {
  const { observations, cells, pages } = shard;
  const copy = observations.values.slice(record * RECORD, (record + 1) * RECORD);
  const own = observations.cells.values;
  for (let at = observations.cellOf[record]!; at >= 0; at = own[at + C.nextOfSlot]!) {
    const minute = own[at + C.minute]!;
    if (minute <= shard.graded) continue; // is in it
    for (let whole = shard.cellOf[slot]!; whole >= 0; whole = cells.values[whole + C.nextOfSlot]!) {
      if (cells.values[whole + C.minute] !== minute) continue;
      addMinute(shard, copy, 0, at, whole, pages[slot * PAGE + P.durHour + shard.timeOf(minute).now.hour]!);
    }
  }
  return copy;
}
