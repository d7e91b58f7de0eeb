import { PRIORS } from '../models/priors/priors.ts';
import { logMoments } from './baseline.ts';
import { LEVELS } from './decision.ts';
import { impactOf, worthOf } from './impact.ts';
import { BAD, BAD_OF, I, INCIDENT, P, Q } from './page.ts';
import type { Finding, SignalName } from './signals/signal.ts';
import type { Severity } from './verdict.ts';
import type { WindowView } from './window-view.ts';

const { amounts: AMOUNTS, logs: LOGS, anyShare: ANY } = PRIORS;

export function incidentAt(base: number, family: number): number {
  return base + P.incident + family * INCIDENT;
}

export function isOpen(page: Float32Array, base: number, family: number): boolean {
  return page[incidentAt(base, family) + I.open] !== 0;
}

/** A worth in dollars an hour (impact.ts) below which an incident is no more than a warning, however odd: $72 a month. */
const NEGLIGIBLE = 0.1;
/** … and below which it is no more than an error: one failed call a minute, or its like. */
const MODEST = 1;
/** … from which somebody should look today: $120 a day, 5 failed calls a minute. */
const CONSIDERABLE = 5;
/** … from which somebody should be woken: $1,200 a day, 50 failed calls a minute. */
const GRAVE = 50;

/**
 * Severity: what a person should do about it, now or in the morning. The shape of the deviation proposes, its impact
 * decides: cents are never an error, and a slight rise of something large is. Never `info`: that it is odd was shown already.
 */
export function severityOf(finding: Finding, usdPerHour: number | null, minutes: number): Severity {
  const impact = impactOf(finding, usdPerHour, minutes);
  const worth = worthOf(impact);
  const most = worth < NEGLIGIBLE ? 1 : worth < MODEST ? 2 : 3;
  // what left may be a backup, what came may be welcome: their size alone raises nothing
  const felt = worthOf({ ...impact, bytes: 0, surplus: 0 });
  const least = felt >= GRAVE ? 3 : felt >= CONSIDERABLE ? 2 : 1;
  return LEVELS[Math.max(least, Math.min(most, shapeOf(finding)))]!;
}

/** The level that the deviation alone, by its size and support, would deserve. */
function shapeOf({ signal, ratio, support, direction, model, observed }: Finding): number {
  switch (signal) {
    case 'invocations':
      return direction === 'down' ? 1 : ratio >= 10 ? 3 : ratio >= 4 ? 2 : 1;
    case 'cost':
      return ratio >= 4 ? 2 : 1;
    case 'errors':
    case 'timeouts':
    case 'oom':
    case 'access':
      return support >= 50 && ratio >= 10 ? 3 : support >= 8 ? 2 : 1;
    case 'egress':
      return ratio >= 20 ? 3 : 2;
    case 'duration':
      return model.kind === 'student-log2' && ratio >= 4 ? 2 : 1;
    case 'silence':
      return observed === 0 && support >= 100 ? 3 : 2;
    default:
      return 1;
  }
}

/** What the numbers of a finding were summed over, minutes: a silence lasts as long as its gap. */
export function spanOf(view: WindowView, finding: Finding): number {
  return finding.signal === 'silence' ? view.page[view.base + P.gap]! : view.minutesOf(finding.horizon);
}

/**
 * Whether what opened an incident is still going on: the next shorter horizon must still be off, otherwise a long window
 * would keep an incident open for hours after its end.
 */
export function stillElevated(
  view: WindowView,
  signal: SignalName,
  horizon: number,
  direction: string,
  ratio: number,
): boolean {
  const h = Math.max(0, Math.min(horizon - 1, 2));
  const n = view.get(h, Q.n);
  const mu = view.expected(h);
  const least = (base: number) => Math.max(base, ratio ** 0.4);
  switch (signal) {
    case 'invocations':
      return direction === 'down' ? n < 0.6 * mu : n > least(1.4) * mu && n >= 3;
    case 'cost':
      return costElevated(view, Math.max(1, h), least(1.4));
    case 'egress':
      return (
        view.get(h, Q.bytes) > least(1.6) * mu * ratioOf(view, P.bytes) ||
        shifted(view, P.egr, Q.en, Q.es, h, least(1.2))
      );
    case 'duration':
      return shifted(view, P.dur, Q.dn, Q.ds, h, least(1.2)) || badShareUp(view, 5, h, least(1.6));
    case 'memory':
      return shifted(view, P.mem, Q.mn, Q.ms, h, 1.15);
    case 'silence':
      return view.page[view.base + P.gap]! > (view.rate > 0 ? USUAL_WAIT / view.rate : 0);
    case 'timeouts':
      return badShareUp(view, BAD.tmo, h, least(1.6)) || badShareUp(view, BAD.near, h, least(1.6));
    case 'pattern':
      return view.pattern >= PATTERN_LASTS;
    default:
      return badShareUp(view, BAD_OF_SIGNAL[signal] ?? 0, h, least(1.6));
  }
}

/** Calls that must be due before a gap after the first call again counts as silence: one call in twenty waits longer. */
const USUAL_WAIT = 3;
/** A window that is as odd as one in a thousand keeps an incident of the learned model going. */
const PATTERN_LASTS = 3;

/** Which bad count tells whether an incident of this signal goes on. */
const BAD_OF_SIGNAL: Readonly<Partial<Record<SignalName, number>>> = { oom: 2, cold_starts: 3, access: 4 };

/** The cost of a call, beyond what chance gives so few calls; or many more calls at the usual cost. */
function costElevated(view: WindowView, h: number, least: number): boolean {
  const n = view.get(h, Q.n);
  if (n < 1) return false;
  const usual = ratioOf(view, P.cost);
  const variation =
    (view.page[view.base + P.cost + 2]! + AMOUNTS.variation * AMOUNTS.weight) /
    (view.page[view.base + P.cost + 3]! + AMOUNTS.weight);
  const noise = 1 + 2 * Math.sqrt(variation / n);
  return view.get(h, Q.cost) > Math.max(least, noise) * usual * Math.max(n, view.expected(h));
}

function ratioOf(view: WindowView, history: number): number {
  const calls = view.page[view.base + history + 1]!;
  return calls > 0 ? view.page[view.base + history]! / calls : 0;
}

/** With few calls in the window, noise alone shifts the mean: then it must shift further. */
function shifted(view: WindowView, moments: number, count: number, sum: number, h: number, least: number): boolean {
  const n = view.get(h, count);
  const known = logMoments(view.page, view.base + moments, LOGS.ending.variance, LOGS.ending.between);
  if (n < 1 || known === null) return false;
  const noise = 1.3 * Math.sqrt(known.variance / n);
  return view.get(h, sum) / n - known.mean > Math.max(Math.log2(least), noise);
}

function badShareUp(view: WindowView, bad: number, h: number, least: number): boolean {
  const k = view.get(h, BAD_OF[bad]!);
  const at = view.base + P.bad + 4 * bad;
  const share = (view.page[at]! + ANY.share * ANY.calls) / (view.page[at + 1]! + ANY.calls);
  return k >= 1 && k > least * share * view.get(h, Q.n);
}

/**
 * When it began: the newest minute of a run of clearly different minutes that reaches back from now, for short horizons;
 * the start of the window otherwise.
 */
export function onsetOf(view: WindowView, finding: Finding): number {
  const { minute } = view;
  if (finding.split !== undefined) return finding.split.sinceMinute;
  if (finding.signal === 'silence') return minute - Math.round(view.page[view.base + P.gap]!) + 1;
  const span =
    finding.horizon === 0 ? 1 : Math.min(view.minutesOf(finding.horizon), Math.max(1, view.page[view.base + P.age]!));
  if (finding.horizon <= 1) return minute - span + 1;
  // a long window that is full of effect began with it; one whose last quarter holds it all began there
  const recent = finding.horizon - 1;
  const whole = view.get(finding.horizon, Q.n);
  const newest = view.get(recent, Q.n);
  const length = newest > 0.7 * whole ? view.minutesOf(recent) : span;
  return minute - length + 1;
}

/** Dollars an hour above what was expected, from the deciding window; null where cost is unknown. */
export function excessUsdPerHour(view: WindowView, horizon: number): number | null {
  const calls = view.page[view.base + P.cost + 1]!;
  const spent = view.get(horizon, Q.cost);
  if (calls < 1 || spent === 0) return null;
  const due = view.expected(horizon) * ratioOf(view, P.cost);
  return (((spent - due) * 1e-6) / view.minutesOf(horizon)) * 60;
}
