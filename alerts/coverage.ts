import type { CoverageRow, FunctionRow } from '../detectors/records.ts';
import { parseFunctionKey } from '../ingest/fragment.ts';
import type { Signal } from './event.ts';
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

const providerOf = (fn: FunctionRow): string => parseFunctionKey(fn.fn).provider;
const isLambda = (fn: FunctionRow): boolean => providerOf(fn) === 'aws' && !isEdgeScript(fn);
const isEdgeScript = (fn: FunctionRow): boolean => parseFunctionKey(fn.fn).name.startsWith('cloudfront/');

/** What records of one provider can never hold, in the words of whoever reads the ledger. */
const NEVER: Readonly<
  Record<string, { readonly bytes?: string; readonly memory?: string; readonly timeouts?: string }>
> = {
  azure: {
    bytes: 'records of Azure Functions hold no byte counts',
    memory: 'records of Azure Functions hold no memory figures',
  },
  gcp: { memory: 'logs of Google functions hold no memory figures' },
  cloudflare: {
    bytes: 'trace events of Workers hold no byte counts',
    memory: 'trace events of Workers hold no memory figures',
    timeouts: 'trace events of Workers tell of limits on cpu time, not of time limits',
  },
  vercel: { memory: 'log drains hold no memory figures', timeouts: 'log drains tell no durations' },
  openwhisk: {
    bytes: 'activations hold no byte counts',
    memory: 'activations hold the memory limit, not what was used',
  },
};

/** Why a figure is missing; null for a Lambda function, whose logs could hold it. */
function why(fn: FunctionRow, figure: 'bytes' | 'memory' | 'timeouts'): string | null {
  if (isLambda(fn)) return null;
  if (isEdgeScript(fn)) return 'CloudFront Functions log that they ran, and nothing more';
  const told = NEVER[providerOf(fn)]?.[figure];
  if (told !== undefined) return told;
  return figure === 'timeouts' ? null : `no ${figure === 'bytes' ? 'byte counts' : 'memory figures'} in these records`;
}

const NO_BYTES = 'no byte counts in these logs: enable Lambda Insights (or log EgressBytes as EMF) to watch egress';
const NO_MEMORY = 'no memory figure in these reports';
const NO_STATUS = 'no line carries an HTTP status or an access-denied error: log the status with the request id';
const NO_COST = 'these records tell no cost; the memory or the price in `prices.functions` of the configuration would';
const NO_TRIGGER = 'the trigger is in no Lambda log line: log faas.trigger or the event source';

/** What these logs can show of failures. A text-format REPORT looks the same whether the handler threw or not. */
const failures: Rule = (fn) => {
  if (!isLambda(fn) && !has(fn, 'status') && !has(fn, 'failureLine'))
    return ['blind', 'these records do not say whether a call failed'];
  if (has(fn, 'status')) return learnt(fn, 'error rate and error types from the record status');
  if (!isLambda(fn)) return ['weak', 'failures only where they were told; records do not tell of successes'];
  if (has(fn, 'failureLine'))
    return ['weak', 'failures only from error lines (text format shows no status of a thrown error): a lower bound'];
  return [
    'weak',
    'text format, no failure seen yet: only timeouts, exits and logged handler errors would show; JSON log format shows all',
  ];
};

const hasBytes = (fn: FunctionRow) => has(fn, 'egress') || has(fn, 'egressEmf');

const egress: Rule = (fn) => {
  if (!hasBytes(fn)) return ['blind', why(fn, 'bytes') ?? NO_BYTES];
  if (isLambda(fn)) return learnt(fn, 'bytes sent, in all and per call');
  return ['weak', 'size of responses only: what a function sends elsewhere is in no record'];
};

const memory: Rule = (fn) =>
  needs(fn, 'memory', 'memory used against its past and the limit; timeouts', why(fn, 'memory') ?? NO_MEMORY);

const RULES: Readonly<Record<Threat, Rule>> = {
  T1: (fn) =>
    has(fn, 'cost')
      ? learnt(fn, 'calls and cost; throttled calls leave no log')
      : learnt(fn, `calls only: ${isLambda(fn) ? 'no billed duration, so no cost' : NO_COST}`),
  T2: failures,
  T3: (fn) => needs(fn, 'httpStatus', 'share of 401/403 and access-denied errors', NO_STATUS),
  T4: egress,
  T6: memory,
  T7: (fn) => needs(fn, 'version', 'new versions and changed memory sizes', 'no version in these logs'),
  T9: (fn) =>
    hasBytes(fn)
      ? learnt(fn, 'egress, duration and memory after a new version')
      : ['weak', `duration and memory only: ${why(fn, 'bytes') ?? NO_BYTES}`],
  T10: () => ['blind', NO_TRIGGER],
  T11: () => ['blind', NO_TRIGGER],
  T12: (fn) => {
    const blind = blindSignals(fn);
    const what = 'silence, holes in the telemetry, dropped logs';
    return learnt(fn, blind.length === 0 ? what : `${what}; nothing in these logs for the signals ${blind.join(', ')}`);
  },
  T13: (fn) =>
    has(fn, 'applicationLine')
      ? ['covered', 'secret-shaped text in log lines']
      : !isLambda(fn)
        ? ['weak', 'secret-shaped text, where the log lines of the function come with its records']
        : ['covered', 'secret-shaped text in log lines, should the function log any'],
  T14: (fn) => [
    isLambda(fn) || has(fn, 'applicationLine') ? 'covered' : 'weak',
    'error details in log lines that were not there before',
  ],
  T15: () => ['blind', 'needs declared pairs of functions or trace ids'],
  T16: (fn) => learnt(fn, 'a call after days of sleep'),
  T17: (fn) =>
    has(fn, 'memory')
      ? ['weak', 'memory of all environments together, not of one']
      : ['blind', why(fn, 'memory') ?? NO_MEMORY],
  T18: failures,
  T19: failures,
  T20: (fn) =>
    has(fn, 'cpu')
      ? learnt(fn, 'duration, cost, cpu and egress')
      : !isLambda(fn) && !has(fn, 'duration')
        ? ['blind', 'these records hold neither durations nor cpu time']
        : [
            'weak',
            `duration and cost only: ${isLambda(fn) ? 'cpu needs Lambda Insights' : 'no cpu time in these records'}`,
          ],
  T21: memory,
  T22: (fn) =>
    why(fn, 'timeouts') !== null
      ? ['blind', why(fn, 'timeouts') ?? '']
      : fn.timeoutUs === null
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

const COLD_NEVER = new Set(['azure', 'gcp', 'cloudflare', 'vercel']);

/** What each signal needs of a function's logs. Those not here need only that it is called. */
const CARRIED: Partial<Readonly<Record<Signal, (fn: FunctionRow) => boolean>>> = {
  cost: (fn) => has(fn, 'cost'),
  duration: (fn) => has(fn, 'duration'),
  errors: (fn) => isLambda(fn) || has(fn, 'status') || has(fn, 'failureLine'),
  error_type: (fn) => isLambda(fn) || has(fn, 'status') || has(fn, 'failureLine'),
  timeouts: (fn) => why(fn, 'timeouts') === null,
  oom: (fn) => isLambda(fn) || has(fn, 'status') || has(fn, 'failureLine'),
  egress: hasBytes,
  memory: (fn) => has(fn, 'memory'),
  cold_starts: (fn) => !COLD_NEVER.has(providerOf(fn)) && !isEdgeScript(fn),
  access: (fn) => has(fn, 'httpStatus'),
};

/** Signals that the logs of a function hold nothing for: they are silent because they are blind, not because all is well. */
export function blindSignals(fn: FunctionRow): Signal[] {
  return (Object.keys(CARRIED) as Signal[]).filter((signal) => CARRIED[signal]?.(fn) === false);
}

/** The blind-spot ledger of one function: every threat that logs could show → covered, weak or blind, and why. */
export function coverageOf(fn: FunctionRow): CoverageRow[] {
  return (Object.keys(THREATS) as Threat[]).map((threat) => {
    const [state, reason] = RULES[threat](fn);
    return { fn: fn.fn, threat, title: THREATS[threat], state, reason };
  });
}
