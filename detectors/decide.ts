import { MAX_SURPRISE } from '../models/statistical/surprise.ts';
import { dropWaiting } from './calibrate.ts';
import { type Decision, HABIT, LEVELS, relatedOf } from './decision.ts';
import { follow } from './follow.ts';
import { excessUsdPerHour, incidentAt, isOpen, onsetOf, severityOf, spanOf, stillElevated } from './incident.ts';
import { I, P } from './page.ts';
import { taint } from './ring.ts';
import type { DetectionSettings } from './settings.ts';
import { FAMILIES, FAMILY, FAMILY_OF, type Finding, SIGNALS } from './signals/signal.ts';
import type { WindowView } from './window-view.ts';

/** Incidents of two families that began within this time are one incident, minutes. */
const SAME_INCIDENT = 30;

/** A falling count is a matter of silence, not of traffic. */
export function familyOf(finding: Finding): number {
  return finding.signal === 'invocations' && finding.direction === 'down' ? FAMILY.silence : FAMILY_OF[finding.signal];
}

/**
 * Findings of one window → decisions. Opens on extreme evidence at once, on less only when it persists; one incident a
 * family, and families that began together are one; closes by its own rule; marks what an incident covers as not to be
 * learnt. Everything it remembers is in the page.
 */
export function decide(view: WindowView, findings: readonly Finding[], settings: DetectionSettings): Decision[] {
  const out: Decision[] = [];
  const tops = topByFamily(findings);
  for (const family of orderOf(tops)) {
    const top = tops[family] ?? null;
    const at = view.base + P.streak + family;
    const bad = top !== null && top.score >= barOf(top, settings);
    view.page[at] = ((view.page[at]! << 1) | (bad ? 1 : 0)) & 31;
    if (isOpen(view.page, view.base, family)) follow(view, family, top, tops, settings, out);
    else if (top !== null && !out.some(isEnd)) consider(view, family, top, tops, settings, out);
  }
  return out;
}

const USUAL: readonly number[] = [0, 1, 2, 3, 4, 5];
const COST_LAST: readonly number[] = [2, 3, 1, 0, 4, 5];

/** Which family names an incident that several families tell of: cost is what the others lead to, so it comes behind them. */
function orderOf(tops: readonly (Finding | null)[]): readonly number[] {
  return tops[FAMILY.traffic]?.signal === 'cost' ? COST_LAST : USUAL;
}

/** What just ended has been forgotten, but these findings still hold it: nothing opens in the same minute. */
const isEnd = (decision: Decision): boolean => decision.event === 'resolved';

/** The finding that stands for each family. Cost yields to the calls or the duration that explain it. */
function topByFamily(findings: readonly Finding[]): (Finding | null)[] {
  const tops: (Finding | null)[] = Array(FAMILIES).fill(null);
  for (const finding of findings) {
    const family = familyOf(finding);
    const top = tops[family];
    if (top === null || top === undefined || rank(finding) > rank(top)) tops[family] = finding;
  }
  return tops;
}

function rank(finding: Finding): number {
  if (finding.opens !== undefined) return 1e3 + finding.score; // it names its cause
  if (finding.signal === 'pattern') return finding.score - MAX_SURPRISE; // speaks for its family only where nothing else does
  return finding.score - (finding.signal === 'cost' ? 4 : isDrop(finding) ? DOWN_EXTRA : 0);
}

/** Quiet spells are commoner than counts say: drops must show this much more than surges. */
const DOWN_EXTRA = 2;

const isDrop = ({ signal, direction }: Finding): boolean => signal === 'invocations' && direction === 'down';

/**
 * What a longer horizon may lack of the bar, 1 to 240 minutes: neighbouring windows of a long horizon are nearly the same
 * window, so chance has so many fewer looks: log10 of the minutes, and 0.4 more for
 * hours, where what is subtle is found.
 */
const SHARED_LOOKS: readonly number[] = [0, 0.7, 1.2, 2.2, 2.8];

/** The score that a finding needs when it persists. A gap is looked at as one, however long it is. */
function barOf(finding: Finding, settings: DetectionSettings): number {
  const looks = finding.signal === 'silence' ? 0 : SHARED_LOOKS[finding.horizon]!;
  return settings.bar - looks + (isDrop(finding) ? DOWN_EXTRA : 0);
}

/** Why this evidence suffices; null when it does not. */
export function passes(
  view: WindowView,
  family: number,
  top: Finding,
  second: number,
  settings: DetectionSettings,
): string | null {
  const { extremeBar } = settings;
  const bar = barOf(top, settings);
  const fused = top.score + 0.3 * second;
  if (top.score < bar && !(top.score >= bar - 1.5 && fused >= bar + 1)) return null;
  const streak = view.page[view.base + P.streak + family]! | 0;
  const persists = (streak & 1) + ((streak >> 1) & 1) + ((streak >> 2) & 1) >= 2;
  const score =
    top.score >= bar
      ? `score ${top.score.toFixed(1)}`
      : `score ${top.score.toFixed(1)}, with ${second.toFixed(1)} of another signal,`;
  if (top.horizon >= 2) return `${score} reaches ${bar.toFixed(1)} over ${view.minutesOf(top.horizon)} min`;
  if (top.score >= extremeBar)
    return `score ${top.score.toFixed(1)} reaches the bar of ${extremeBar} for a single window`;
  if (persists) return `score reached ${bar.toFixed(1)} in 2 of the last 3 windows`;
  return null;
}

function consider(
  view: WindowView,
  family: number,
  top: Finding,
  tops: readonly (Finding | null)[],
  settings: DetectionSettings,
  out: Decision[],
): void {
  const second = Math.max(0, ...tops.map((t, f) => (t !== null && f !== family ? t.score : 0)));
  const rule = top.opens ?? passes(view, family, top, second, settings);
  if (rule === null) return;
  const closed = view.page[incidentAt(view.base, family) + I.announced]!;
  if (top.opens === undefined && closed !== 0 && view.minute - closed < view.minutesOf(top.horizon)) return; // the window still holds what is over
  const onset = onsetOf(view, top);
  const host = hostOf(view, family, onset);
  if (host >= 0) {
    join(view, host, top, tops, rule, out);
    return;
  }
  open(view, family, top, tops, onset, rule, out);
}

/** So many in the last days, and incidents of traffic are the function's nature. */
const UNREST = 3;

/**
 * What comes back is no anomaly: surges and silences at an hour of the day that has had one before, or of a function that
 * has had several in days, are said but learnt.
 */
function isHabit(view: WindowView, family: number, onset: number): boolean {
  if (family !== FAMILY.traffic && family !== FAMILY.silence) return false;
  const which = family === FAMILY.traffic ? 0 : 1;
  const { page, base } = view;
  const hour = (((view.time.now.hour - Math.floor((view.minute - onset) / 60)) % 24) + 24) % 24;
  const bits = page[base + P.recurring + which]!;
  const near = (1 << hour) | (1 << ((hour + 1) % 24)) | (1 << ((hour + 23) % 24));
  const habit =
    ((bits | page[base + P.recurringBefore + which]!) & near) !== 0 || page[base + P.unrest + which]! >= UNREST;
  page[base + P.recurring + which] = bits | (1 << hour);
  page[base + P.unrest + which] = page[base + P.unrest + which]! + 1;
  return habit;
}

/** An open incident of another family that this belongs to, or -1. */
function hostOf(view: WindowView, family: number, onset: number): number {
  for (let other = 0; other < FAMILIES; other++) {
    if (other === family || other === FAMILY.event || !isOpen(view.page, view.base, other)) continue;
    const at = incidentAt(view.base, other);
    const joined = (view.page[at + I.signals]! & (1 << (16 + family))) !== 0;
    if (joined || Math.abs(view.page[at + I.onset]! - onset) <= SAME_INCIDENT) return other;
    if (Math.abs(view.page[at + I.opened]! - view.minute) <= SAME_INCIDENT) return other;
  }
  return -1;
}

function open(
  view: WindowView,
  family: number,
  top: Finding,
  tops: readonly (Finding | null)[],
  onset: number,
  rule: string,
  out: Decision[],
): void {
  const { page } = view;
  const at = incidentAt(view.base, family);
  const usdPerHour = excessUsdPerHour(view, top.horizon);
  const severity = severityOf(top, usdPerHour, spanOf(view, top));
  page[at + I.open] = 1 + SIGNALS.indexOf(top.signal);
  page[at + I.onset] = onset;
  page[at + I.opened] = view.minute;
  page[at + I.lastBad] = view.minute;
  page[at + I.horizon] = top.horizon;
  page[at + I.peak] = top.score;
  page[at + I.ratio] = top.direction === 'up' ? top.ratio : 0;
  page[at + I.signals] = 1 << SIGNALS.indexOf(top.signal);
  page[at + I.quiet] = 0;
  page[at + I.announced] = view.minute;
  page[at + I.level] = LEVELS.indexOf(severity);
  if (isHabit(view, family, onset)) page[at + I.signals] = page[at + I.signals]! + HABIT;
  else {
    taint(page, view.base, view.minute, onset, view.minute);
    dropWaiting(page, view.base);
  }
  out.push({
    event: 'opened',
    family,
    finding: top,
    signal: top.signal,
    severity,
    onset,
    ended: null,
    related: relatedOf(tops, top),
    usdPerHour,
    rule,
  });
}

function join(
  view: WindowView,
  host: number,
  top: Finding,
  tops: readonly (Finding | null)[],
  rule: string,
  out: Decision[],
): void {
  const { page } = view;
  const at = incidentAt(view.base, host);
  const family = familyOf(top);
  const flag = 1 << (16 + family);
  const joined = (page[at + I.signals]! & flag) !== 0;
  // a long window that still holds what is over keeps nothing open
  if (!joined || stillElevated(view, top.signal, top.horizon, top.direction, Math.max(1, top.ratio))) {
    page[at + I.lastBad] = view.minute;
    page[at + I.quiet] = 0;
  }
  if (joined) return;
  page[at + I.signals] = page[at + I.signals]! | flag;
  const usdPerHour = excessUsdPerHour(view, top.horizon);
  const severity = severityOf(top, usdPerHour, spanOf(view, top));
  const level = Math.max(page[at + I.level]!, LEVELS.indexOf(severity));
  page[at + I.level] = level;
  page[at + I.announced] = view.minute;
  out.push({
    event: 'updated',
    family: host,
    finding: top,
    signal: SIGNALS[page[at + I.open]! - 1]!,
    severity: LEVELS[level]!,
    onset: page[at + I.onset]!,
    ended: null,
    related: relatedOf(tops, null),
    usdPerHour,
    rule: `${top.signal} joined: ${rule}`,
  });
}

/** For a window that is not over: only the bar for single windows counts, and open incidents are left alone. */
export function decideEarly(view: WindowView, findings: readonly Finding[], settings: DetectionSettings): Decision[] {
  const out: Decision[] = [];
  const tops = topByFamily(findings);
  for (const family of orderOf(tops)) {
    const top = tops[family] ?? null;
    if (top === null || top.score < settings.extremeBar || isOpen(view.page, view.base, family)) continue;
    if (top.support < 5 && top.signal !== 'egress') continue;
    const rule = `score ${top.score.toFixed(1)} reaches the bar of ${settings.extremeBar} before the window is over`;
    const host = hostOf(view, family, view.minute);
    if (host >= 0) join(view, host, top, tops, rule, out);
    else open(view, family, top, tops, view.minute, rule, out);
  }
  return out;
}

/** After late pieces: may open or join what was missed; closes nothing. */
export function decideLate(view: WindowView, findings: readonly Finding[], settings: DetectionSettings): Decision[] {
  const out: Decision[] = [];
  const tops = topByFamily(findings);
  for (const family of orderOf(tops)) {
    const top = tops[family] ?? null;
    if (top !== null && !isOpen(view.page, view.base, family)) consider(view, family, top, tops, settings, out);
  }
  return out;
}
