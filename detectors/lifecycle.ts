import { loggedIn } from './log-groups.ts';
import { EPOCH_MINUTE, P, PAGE } from './page.ts';
import type { Shard } from './shard.ts';
import type { Severity } from './verdict.ts';

const DAY = 1440;
/** A function is asleep after three days without a call, or three times its longest gap. */
const ASLEEP = 3 * DAY;
/** The same kind of leaked text is said once a day. */
const CONTENT_AGAIN = DAY;
/** Verbose errors matter where they are new, and more than a slip. */
const VERBOSE_NEW_AFTER = 7 * DAY;
const VERBOSE_SUPPORT = 3;

const SEVERITY: Readonly<Record<string, Severity>> = {
  secret: 'error',
  verbose: 'warning',
  'logs-dropped': 'warning',
  'dormant-awake': 'warning',
  'memory-grown': 'warning',
  'new-function-burst': 'warning',
};

/** How long a gap puts a function to sleep, minutes. */
export function asleepAfter(shard: Shard, page: number): number {
  return Math.max(ASLEEP, 3 * shard.pages[page + P.longestGap]!);
}

/** A call for a function that is not graded every minute: a new one, or one that slept. */
export function wake(shard: Shard, slot: number, minute: number): void {
  const page = slot * PAGE;
  shard.isAwake[slot] = 1;
  shard.awake.push(slot);
  const { pages } = shard;
  const slept = minute - pages[page + P.lastSeen]!;
  pages[page + P.since] = minute;
  if (pages[page + P.age] === 0) return;
  const timeMs = (minute + EPOCH_MINUTE) * 60_000;
  const days = slept / DAY;
  resetModel(shard, page);
  pages[page + P.longestGap] = Math.max(slept, pages[page + P.longestGap]!);
  pages[page + P.age] = 1;
  oneShot(shard, slot, timeMs, timeMs, `dormant-awake:${days.toFixed(1)} days`, '');
}

/** Forgets what was normal, keeps who the function is: name, version, limits, error types. */
function resetModel(shard: Shard, page: number): void {
  shard.pages.fill(0, page + P.t0, page + P.types);
  shard.pages.fill(0, page + P.calib, page + P.slow);
  shard.pages.fill(0, page + P.incident, page + P.streak + 8);
  shard.pages.fill(0, page + P.slow, page + P.gaps);
  shard.pages[page + P.gap] = 0;
  shard.pages[page + P.gapExpected] = 0;
  for (let hour = 0; hour < 24; hour++) shard.pages[page + P.floor15 + hour] = -1;
  shard.pages[page + P.slowBar] = Number.POSITIVE_INFINITY;
}

/** What the feed of deploys says of a change. */
export interface Told {
  readonly severity: Severity;
  readonly text: string;
}

/** Whether a deploy explains that this version (null = the function) is seen for the first time; null where nobody tells of deploys. */
export function toldOf(shard: Shard, slot: number, version: string | null, timeMs: number): Told | null {
  const { deploys } = shard.options;
  if (deploys === undefined || deploys === null) return null;
  const deploy = deploys.explain(shard.keys[slot]!, version, timeMs);
  if (deploy === null) return { severity: 'warning', text: 'no deploy of it is known' };
  const note = deploy.note === null ? '' : ` (${deploy.note})`;
  return { severity: 'info', text: `deployed ${instantText(deploy.timeMs)}${note}` };
}

/** `2026-11-21 14:02 UTC` */
export function instantText(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

/**
 * What a shard says of a kind in an hour of event time: in a flood of made-up names each is new, and a fault of all functions at
 * once is known after a few. What is not said is counted.
 */
const SAID_AN_HOUR = 64;
const NEWCOMERS_AN_HOUR = 8;

function isTooMuch(shard: Shard, what: string): boolean {
  const hour = Number.isNaN(shard.graded) ? -1 : Math.floor(shard.graded / 60);
  if (hour !== shard.spokenHour) {
    shard.spokenHour = hour;
    shard.spoken.clear();
  }
  const said = shard.spoken.get(what) ?? 0;
  if (said >= (what === 'first-seen' || what === 'new-function-burst' ? NEWCOMERS_AN_HOUR : SAID_AN_HOUR)) {
    shard.dropped.unsaid++;
    return true;
  }
  shard.spoken.set(what, said + 1);
  return false;
}

/** Says something that is over as soon as it is said: lifecycle and content. Repeats of the same are held back here. */
export function oneShot(
  shard: Shard,
  slot: number,
  timeMs: number,
  nowMs: number,
  detail: string,
  requestId: string,
  told: Told | null = null,
): void {
  const page = slot * PAGE;
  const minute = Math.floor(timeMs / 60_000) - EPOCH_MINUTE;
  const what = detail.split(':', 1)[0]!;
  const isContent = what === 'secret' || what === 'verbose';
  const signal = isContent ? 'content' : what === 'logs-dropped' ? 'telemetry' : 'lifecycle';
  if (shard.options.settings.disabledSignals.includes(signal)) return;
  if (isContent && !contentIsNews(shard, page, minute, what)) return;
  if (isTooMuch(shard, what)) return;
  const version = shard.texts.get(shard.words[page + P.version]!) ?? null;
  shard.verdicts.push({
    event: 'opened',
    fn: shard.keys[slot]!,
    version,
    ...loggedIn(shard, slot),
    atMs: Math.max(timeMs, nowMs),
    onsetMs: timeMs,
    endedMs: timeMs,
    family: 5,
    signal,
    severity: SEVERITY[what] ?? told?.severity ?? 'info',
    ...(told === null ? {} : { deploy: told.text }),
    finding: null,
    related: [],
    windowsLearnt: Math.round(shard.pages[page + P.age]!),
    usdPerHour: null,
    invocations: null,
    bytes: null,
    ids: { failed: requestId === '' ? [] : [requestId], slowest: [], sending: [] },
    rule: isContent ? 'said once a day for each kind' : 'said once',
    detail,
  });
}

function contentIsNews(shard: Shard, page: number, minute: number, what: string): boolean {
  const { pages } = shard;
  if (what === 'secret') {
    const last = pages[page + P.content]!;
    if (last !== 0 && minute - last < CONTENT_AGAIN) return false;
    pages[page + P.content] = minute;
    return true;
  }
  const last = pages[page + P.content + 1]!;
  pages[page + P.content + 1] = minute;
  const fresh = last === 0 ? pages[page + P.age]! >= DAY : minute - last >= VERBOSE_NEW_AFTER;
  if (fresh) {
    pages[page + P.content + 2] = 1;
    pages[page + P.content + 3] = minute;
    return false;
  }
  if (pages[page + P.content + 2] === 0 || minute - pages[page + P.content + 3]! > 60) {
    pages[page + P.content + 2] = 0;
    return false;
  }
  pages[page + P.content + 2] = pages[page + P.content + 2]! + 1;
  return pages[page + P.content + 2] === VERBOSE_SUPPORT;
}
