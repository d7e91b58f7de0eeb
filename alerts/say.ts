import { LEVELS } from '../detectors/decision.ts';
import type { SignalHistory } from '../detectors/history.ts';
import { type Impact, impactOf, largestOf, sumOf } from '../detectors/impact.ts';
import { EPOCH_MINUTE } from '../detectors/page.ts';
import { HORIZON_MINUTES } from '../detectors/ring.ts';
import { type Finding, SIGNALS } from '../detectors/signals/signal.ts';
import type { Verdict } from '../detectors/verdict.ts';
import type { VersionSplit } from '../detectors/versions/split.ts';
import { parseFunctionKey } from '../ingest/fragment.ts';
import type { AlertEvent, AlertFunction, AlertHistory, AlertImpact } from './event.ts';
import { headline, reasons } from './text.ts';
import { threatsOf } from './threats.ts';

/** A function of the data alone: who, what family, since when. 64 bits of FNV-1a, twice seeded, as 16 hex digits. */
export function alertId(who: string, family: number, onsetMs: number, detail: string): string {
  const text = `${who}|${family}|${onsetMs}|${detail}`;
  let a = 0x811c9dc5;
  let b = 0x2f3a6b91;
  for (let i = 0; i < text.length; i++) {
    a = Math.imul(a ^ text.charCodeAt(i), 0x01000193);
    b = Math.imul(b ^ text.charCodeAt(i), 0x0100019d) + 0x9e3779b9;
  }
  const hex = (word: number) => (word >>> 0).toString(16).padStart(8, '0');
  return hex(a ^ (a >>> 15)) + hex(b ^ (b >>> 13));
}

const iso = (ms: number) => new Date(ms).toISOString();
/** JSON has no infinity and no need of 17 digits. */
const number = (value: number) => (Number.isFinite(value) ? Number(value.toPrecision(12)) : 0);

function functionOf(key: string, version: string | null, logGroup?: string): AlertFunction {
  return { ...parseFunctionKey(key), version, ...(logGroup === undefined ? {} : { log_group: logGroup }) };
}

/** A verdict on one function as the event that people and machines read. */
export function alertEvent(verdict: Verdict, id: string, configHash: string): AlertEvent {
  const { finding } = verdict;
  const horizonMs = (finding === null ? 1 : HORIZON_MINUTES[finding.horizon]!) * 60_000;
  return {
    schema: 1,
    event: verdict.event,
    alert_id: id,
    at: iso(verdict.atMs),
    started_at: iso(verdict.onsetMs),
    ...(verdict.event === 'resolved' && verdict.endedMs !== null ? { ended_at: iso(verdict.endedMs) } : {}),
    function: functionOf(verdict.fn, verdict.version, verdict.logGroup),
    signal: verdict.signal,
    related_signals: related(verdict),
    severity: verdict.severity,
    observed: finding === null ? null : number(finding.observed),
    expected:
      finding === null ? null : { low: number(finding.low), mid: number(finding.mid), high: number(finding.high) },
    unit: finding?.unit ?? '',
    score: finding === null ? 0 : number(finding.score),
    window_ms: horizonMs,
    baseline: { windows: verdict.windowsLearnt, kind: finding?.model.kind ?? 'none' },
    text: headline(verdict),
    why: reasons(verdict),
    threats: threatsOf(verdict.signal, finding?.direction ?? null, verdict.detail),
    evidence: evidence(verdict, configHash),
    impact: impact(verdict),
  };
}

function related(verdict: Verdict): AlertEvent['related_signals'] {
  const names = new Set(verdict.related.map(({ signal }) => signal));
  if (verdict.finding !== null) names.add(verdict.finding.signal);
  names.delete(verdict.signal);
  return SIGNALS.filter((name) => names.has(name));
}

/** Request ids, those first that the signal is about. */
function relevant({ signal, ids }: Verdict): string[] {
  if (signal === 'egress') return [...ids.sending, ...ids.slowest, ...ids.failed];
  if (signal === 'duration' || signal === 'cost' || signal === 'memory')
    return [...ids.slowest, ...ids.sending, ...ids.failed];
  return [...ids.failed, ...ids.slowest, ...ids.sending];
}

function evidence(verdict: Verdict, configHash: string): AlertEvent['evidence'] {
  const { ids, finding } = verdict;
  const request_ids = [...new Set(relevant(verdict))].slice(0, 10);
  const signals = verdict.related.map((other) => ({
    signal: other.signal,
    score: number(other.score),
    observed: number(other.observed),
    mid: number(other.mid),
    horizon_ms: HORIZON_MINUTES[other.horizon]! * 60_000,
  }));
  if (finding === null)
    return {
      request_ids,
      config_hash: configHash,
      rule: verdict.rule,
      detail: verdict.detail,
      ...(verdict.deploy === undefined ? {} : { deploy: verdict.deploy }),
    };
  signals.unshift({
    signal: finding.signal,
    score: number(finding.score),
    observed: number(finding.observed),
    mid: number(finding.mid),
    horizon_ms: HORIZON_MINUTES[finding.horizon]! * 60_000,
  });
  return {
    request_ids,
    failed: ids.failed,
    slowest: ids.slowest,
    most_sending: ids.sending,
    config_hash: configHash,
    model: finding.model,
    ...(finding.calls === undefined ? {} : { calls: number(finding.calls) }),
    observed_exact: finding.observed,
    score_exact: finding.score,
    signals,
    rule: `${finding.rule}; ${verdict.rule}`,
    ...(verdict.priors === undefined ? {} : { priors: verdict.priors }),
    ...(verdict.split === undefined ? {} : { versions: versions(verdict.split) }),
    ...(verdict.history === undefined || verdict.event === 'resolved' ? {} : { history: history(verdict.history) }),
  };
}

/** The split by version as data. */
function versions({ claim, version, sinceMinute, newer, older, score }: VersionSplit): Record<string, unknown> {
  const since = iso((sinceMinute + EPOCH_MINUTE) * 60_000);
  return { claim, version, since, newer, older, score: number(score) };
}

/** The history as data. */
function history({ unit, endMinute, minutes, values }: SignalHistory): AlertHistory {
  return { unit, end: iso(endMinute * 60_000), minutes, values };
}

/** What it does beyond what was expected, an hour. A silence has lasted since its onset, other numbers are of their window. */
export function impactOfVerdict({ finding, joined, usdPerHour, atMs, onsetMs }: Verdict): Impact {
  const of = (found: Finding | null) =>
    impactOf(
      found,
      usdPerHour,
      found?.signal === 'silence' ? (atMs - onsetMs) / 60_000 : (HORIZON_MINUTES[found?.horizon ?? 0] ?? 1),
    );
  return joined === undefined ? of(finding) : largestOf(of(finding), of(joined));
}

function impact(verdict: Verdict): AlertImpact {
  return {
    ...(verdict.usdPerHour === null ? {} : { usd_per_hour: number(Math.max(0, verdict.usdPerHour)) }),
    ...ratesOf(impactOfVerdict(verdict)),
    ...(verdict.invocations === null ? {} : { invocations: number(verdict.invocations) }),
    ...(verdict.bytes === null ? {} : { bytes: number(verdict.bytes) }),
  };
}

function ratesOf({ failed, lost, slow, surplus, bytes }: Impact): AlertImpact {
  return {
    ...(failed > 0 ? { failed_per_hour: number(failed) } : {}),
    ...(lost > 0 ? { lost_per_hour: number(lost) } : {}),
    ...(slow > 0 ? { slow_per_hour: number(slow) } : {}),
    ...(surplus > 0 ? { surplus_per_hour: number(surplus) } : {}),
    ...(bytes > 0 ? { bytes_per_hour: number(bytes) } : {}),
  };
}

/**
 * One event for many functions with a common cause. `members` = the latest of each that is still open: they add up.
 * `logGroups`: of those functions that chose one.
 */
export function groupEvent(
  first: Verdict,
  id: string,
  fns: readonly string[],
  event: AlertEvent['event'],
  configHash: string,
  members: readonly Verdict[] = [first],
  logGroups: ReadonlyMap<string, string> = new Map(),
): AlertEvent {
  const single = alertEvent({ ...first, event, severity: worst([first, ...members]) }, id, configHash);
  const together = sumOf(members.map(impactOfVerdict));
  const [provider = '', account = '-'] = first.fn.split('/', 2);
  const names = fns.map((fn) => parseFunctionKey(fn).name);
  const shown = names.slice(0, 5).join(', ') + (names.length > 5 ? ` and ${names.length - 5} more` : '');
  return {
    ...single,
    functions: fns.map((fn) => functionOf(fn, null, logGroups.get(fn))),
    impact: {
      ...single.impact,
      ...(together.usd > 0 ? { usd_per_hour: number(together.usd) } : {}),
      ...ratesOf(together),
    },
    text: `${names.length} functions of ${provider} account ${account}: ${first.signal} at the same time (${shown}). First: ${single.text}`,
    why: [`${names.length} functions of one account in the same minutes: one cause, one incident`, ...single.why],
  };
}

function worst(verdicts: readonly Verdict[]): AlertEvent['severity'] {
  return LEVELS[Math.max(...verdicts.map(({ severity }) => LEVELS.indexOf(severity)))]!;
}

/** A hole in everyone's telemetry. */
export function holeEvent(
  hole: { readonly account: string; readonly fromMs: number; readonly due: number },
  minuteMs: number,
  watermarkMs: number,
  event: 'opened' | 'updated' | 'resolved',
  configHash: string,
): AlertEvent {
  const [provider = '', account = '-'] = hole.account.split('/');
  const whole = hole.account === '*';
  const who = whole ? 'all functions' : `all functions of ${provider} account ${account}`;
  const minutes = Math.round((minuteMs - hole.fromMs) / 60_000) + (event === 'resolved' ? 0 : 1);
  const due = Math.round(hole.due);
  return {
    schema: 1,
    event,
    alert_id: alertId(`hole:${hole.account}`, 6, hole.fromMs, ''),
    at: iso(watermarkMs),
    started_at: iso(hole.fromMs),
    ...(event === 'resolved' ? { ended_at: iso(minuteMs) } : {}),
    function: {
      provider: whole ? '*' : provider,
      account: whole || account === '-' ? null : account,
      region: null,
      name: '*',
      version: null,
    },
    signal: 'telemetry',
    related_signals: ['silence'],
    severity: 'error',
    observed: null,
    expected: null,
    unit: '',
    score: 0,
    window_ms: minutes * 60_000,
    baseline: { windows: 0, kind: 'fleet' },
    text:
      event !== 'resolved'
        ? `no logs from ${who} for ${minutes} min, though ${due} invocations were due: the telemetry has a hole`
        : `logs from ${who} are back after ${minutes} min`,
    why: [
      `hardly any of ${due} invocations that were due arrived`,
      'functions that fell silent in this time are not alerted one by one',
    ],
    threats: threatsOf('telemetry', null, null),
    evidence: {
      request_ids: [],
      config_hash: configHash,
      rule: 'at most 10 % of the calls due (2 a minute counted of each function), at least 30 due, from 3 functions or more',
    },
    impact: { lost_per_hour: number((hole.due * 60) / Math.max(1, minutes)), invocations: due },
  };
}
