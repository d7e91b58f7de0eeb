import type { CoverageRow, FunctionRow } from '../detectors/records.ts';
import { THREATS, type Threat } from './threats.ts';

type State = CoverageRow['state'];
type Judgement = readonly [State, string];
type Rule = (fn: FunctionRow) => Judgement;

const has = (fn: FunctionRow, ...fields: readonly string[]) => fields.every((field) => fn.fields.includes(field));
const learning = (fn: FunctionRow) => fn.learntWindows < fn.warmupWindows;

/** Covered, but weak while the baseline is young. */
function learnt(fn: FunctionRow, what: string): Judgement {
  if (learning(fn)) return ['weak', `${what}; learnt ${fn.learntWindows} of ${fn.warmupWindows} windows`];
  return ['covered', what];
}

const needs = (fn: FunctionRow, field: string, what: string, without: string): Judgement =>
  has(fn, field) ? learnt(fn, what) : ['blind', without];

const NO_BYTES = 'no byte counts in these logs: enable Lambda Insights (or log EgressBytes as EMF) to watch egress';
const NO_STATUS = 'no line carries an HTTP status or an access-denied error: log the status with the request id';
const NO_TRIGGER = 'the trigger is in no Lambda log line: log faas.trigger or the event source';

/** What these logs can show of failures. A text-format REPORT looks the same whether the handler threw or not. */
const failures: Rule = (fn) => {
  if (has(fn, 'status')) return learnt(fn, 'error rate and error types from the record status');
  if (has(fn, 'failureLine'))
    return ['weak', 'failures only from error lines (text format shows no status of a thrown error): a lower bound'];
  return [
    'weak',
    'text format, no failure seen yet: only timeouts, exits and logged handler errors would show; JSON log format shows all',
  ];
};

const hasBytes = (fn: FunctionRow) => has(fn, 'egress') || has(fn, 'egressEmf');

const egress: Rule = (fn) => (hasBytes(fn) ? learnt(fn, 'bytes sent, in all and per call') : ['blind', NO_BYTES]);

const memory: Rule = (fn) =>
  needs(fn, 'memory', 'memory used against its past and the limit; timeouts', 'no memory figure in these reports');

const RULES: Readonly<Record<Threat, Rule>> = {
  T1: (fn) =>
    has(fn, 'cost')
      ? learnt(fn, 'calls and cost; throttled calls leave no log')
      : learnt(fn, 'calls only: no billed duration, so no cost'),
  T2: failures,
  T3: (fn) => needs(fn, 'httpStatus', 'share of 401/403 and access-denied errors', NO_STATUS),
  T4: egress,
  T6: memory,
  T7: (fn) => needs(fn, 'version', 'new versions and changed memory sizes', 'no version in these logs'),
  T9: (fn) =>
    hasBytes(fn)
      ? learnt(fn, 'egress, duration and memory after a new version')
      : ['weak', `duration and memory only: ${NO_BYTES}`],
  T10: () => ['blind', NO_TRIGGER],
  T11: () => ['blind', NO_TRIGGER],
  T12: (fn) => learnt(fn, 'silence, holes in the telemetry, dropped logs'),
  T13: (fn) =>
    has(fn, 'applicationLine')
      ? ['covered', 'secret-shaped text in log lines']
      : ['covered', 'secret-shaped text in log lines, should the function log any'],
  T14: () => ['covered', 'error details in log lines that were not there before'],
  T15: () => ['blind', 'needs declared pairs of functions or trace ids'],
  T16: (fn) => learnt(fn, 'a call after days of sleep'),
  T17: (fn) =>
    has(fn, 'memory')
      ? ['weak', 'memory of all environments together, not of one']
      : ['blind', 'no memory figure in these reports'],
  T18: failures,
  T19: failures,
  T20: (fn) =>
    has(fn, 'cpu')
      ? learnt(fn, 'duration, cost, cpu and egress')
      : ['weak', 'duration and cost only: cpu needs Lambda Insights'],
  T21: memory,
  T22: (fn) =>
    fn.timeoutUs === null
      ? ['weak', 'the configured timeout is not known until a call times out']
      : learnt(fn, 'timeouts against the known limit'),
  T23: () => ['covered', 'scored from its first calls with pooled priors'],
  T26: (fn) =>
    has(fn, 'duration') ? learnt(fn, 'duration, errors and silence, merged over functions') : ['weak', 'errors only'],
  T27: (fn) =>
    learning(fn)
      ? ['weak', `windows of up to 4 hours; learnt ${fn.learntWindows} of ${fn.warmupWindows} windows`]
      : ['covered', 'windows of up to 4 hours against the past days'],
};

/** The blind-spot ledger of one function: every threat that logs could show → covered, weak or blind, and why. */
export function coverageOf(fn: FunctionRow): CoverageRow[] {
  return (Object.keys(THREATS) as Threat[]).map((threat) => {
    const [state, reason] = RULES[threat](fn);
    return { fn: fn.fn, threat, title: THREATS[threat], state, reason };
  });
}
