import { type Decision, HABIT, LEVELS, relatedOf } from './decision.ts';
import { excessUsdPerHour, incidentAt, severityOf, spanOf, stillElevated } from './incident.ts';
import { I, INCIDENT, P, Q } from './page.ts';
import { forgetTainted, taint } from './ring.ts';
import type { DetectionSettings } from './settings.ts';
import { acceptLevel, shiftText } from './shift.ts';
import { FAMILY, type Finding, SIGNALS } from './signals/signal.ts';
import type { WindowView } from './window-view.ts';

/** An incident open for this long is the new level: it is said once and then learnt, minutes. */
const ACCEPT_AFTER = 1440;
const SHIFTED = 'shifted: the new level, learnt from now on; the old one is kept for a week in case it returns';
const UPDATE_EVERY = 15;

/** One more minute of an open incident: bad or quiet, worth an update, over, or the new level. */
export function follow(
  view: WindowView,
  family: number,
  top: Finding | null,
  tops: readonly (Finding | null)[],
  settings: DetectionSettings,
  out: Decision[],
): void {
  const { page, minute } = view;
  const at = incidentAt(view.base, family);
  const signal = SIGNALS[page[at + I.open]! - 1]!;
  const direction = family === FAMILY.silence ? 'down' : 'up';
  const horizon = page[at + I.horizon]!;
  const ratio = Math.max(1, page[at + I.ratio]!);
  const isHabit = page[at + I.signals]! >= HABIT; // its windows stay, so it lasts as long as any horizon shows it
  // no call has come since it began
  const silent = signal === 'silence' && minute - page[view.base + P.gap]! < page[at + I.onset]!;
  const bad =
    silent ||
    (view.standing & (1 << SIGNALS.indexOf(signal))) !== 0 ||
    (isHabit && top !== null && top.score >= settings.bar) ||
    (top !== null && top.score >= 3 && stillElevated(view, top.signal, top.horizon, direction, ratio)) ||
    (stillElevated(view, signal, Math.min(horizon, 1), direction, ratio) &&
      (view.get(0, Q.n) > 0 || signal === 'silence'));
  if (bad) {
    page[at + I.lastBad] = minute;
    page[at + I.quiet] = 0;
    if (!isHabit) taint(page, view.base, minute, minute, minute);
    if (top !== null) grow(view, family, at, signal, top, tops, out);
  } else page[at + I.quiet] = page[at + I.quiet]! + 1;
  const quiet = page[at + I.quiet]!;
  const patience =
    family === FAMILY.silence ? 3 : horizon >= 3 ? 2 * settings.closeAfterWindows : settings.closeAfterWindows;
  const calm =
    family === FAMILY.silence
      ? page[view.base + P.gap]! === 0
      : view.get(Math.min(2, Math.max(1, horizon)), Q.n) >= 2 || quiet >= 120;
  if (quiet >= patience && calm) resolve(view, family, at, signal, `quiet for ${quiet} min`, 'forget', out);
  else if (minute - page[at + I.onset]! >= ACCEPT_AFTER && signal !== 'silence') {
    resolve(view, family, at, signal, SHIFTED, 'accept', out);
  }
}

function grow(
  view: WindowView,
  family: number,
  at: number,
  signal: Finding['signal'],
  top: Finding,
  tops: readonly (Finding | null)[],
  out: Decision[],
): void {
  const { page, minute } = view;
  const usdPerHour = excessUsdPerHour(view, top.horizon);
  const level = LEVELS.indexOf(severityOf(top, usdPerHour, spanOf(view, top)));
  const worse = level > page[at + I.level]!;
  const bigger = top.direction === 'up' && top.signal === signal && top.ratio >= 2 * page[at + I.ratio]!;
  page[at + I.peak] = Math.max(page[at + I.peak]!, top.score);
  const named = top.split !== undefined;
  if (!worse && !bigger && !named) return;
  if (!worse && !named && minute - page[at + I.announced]! < UPDATE_EVERY) return;
  page[at + I.level] = Math.max(level, page[at + I.level]!);
  page[at + I.ratio] = Math.max(page[at + I.ratio]!, top.ratio);
  page[at + I.announced] = minute;
  out.push({
    event: 'updated',
    family,
    finding: top,
    signal,
    severity: LEVELS[page[at + I.level]!]!,
    onset: page[at + I.onset]!,
    ended: null,
    related: relatedOf(tops, top),
    usdPerHour,
    rule: named ? (top.opens ?? '') : worse ? 'its severity rose' : 'its effect doubled',
  });
}

function resolve(
  view: WindowView,
  family: number,
  at: number,
  signal: Finding['signal'],
  rule: string,
  after: 'forget' | 'accept' | 'keep',
  out: Decision[],
): void {
  const { page } = view;
  const severity = LEVELS[page[at + I.level]!]!;
  const isLearnt = family === FAMILY.event || page[at + I.signals]! >= HABIT;
  const isAccepted = after === 'accept' && !isLearnt;
  if (isAccepted) acceptLevel(view);
  out.push({
    event: 'resolved',
    family,
    finding: null,
    signal,
    severity,
    onset: page[at + I.onset]!,
    ended: page[at + I.lastBad]! + 1,
    related: [],
    usdPerHour: null,
    rule: isAccepted ? `${rule}${shiftText(page, view.base)}` : rule,
  });
  for (let i = 0; i < INCIDENT; i++) page[at + i] = 0;
  page[at + I.announced] = view.minute;
  if (after === 'forget' && !isLearnt) forgetTainted(page, view.base);
}

/** Whatever was open of a function is over, as nothing more can be said of it. */
export function closeForgotten(view: WindowView, family: number, rule: string): Decision[] {
  const out: Decision[] = [];
  const at = incidentAt(view.base, family);
  const signal = SIGNALS[view.page[at + I.open]! - 1]!;
  resolve(view, family, at, signal, rule, 'keep', out);
  return out;
}
