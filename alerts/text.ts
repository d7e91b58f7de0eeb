import type { Finding } from '../detectors/signals/signal.ts';
import type { Verdict } from '../detectors/verdict.ts';
import type { VersionSplit } from '../detectors/versions/split.ts';
import { parseFunctionKey } from '../ingest/fragment.ts';

const HORIZON = ['1 min', '5 min', '15 min', '1 h', '4 h'];

/** One line for a person: what, which function, observed against expected, the multiple, since when, what it costs. */
export function headline(verdict: Verdict): string {
  const { name } = parseFunctionKey(verdict.fn);
  const { finding } = verdict;
  if (verdict.event === 'resolved') {
    if (verdict.detail !== null && verdict.finding === null)
      return `${name}: ${verdict.rule} (${oneShotText(verdict)})`;
    const how = /^(shifted|the new level): /.test(verdict.rule)
      ? `at a new level since ${time(verdict.onsetMs)}`
      : 'back to normal';
    return `${name}: ${verdict.signal} ${how} (${verdict.rule})`;
  }
  if (finding === null)
    return `${name}: ${oneShotText(verdict)}${verdict.deploy === undefined ? '' : `; ${verdict.deploy}`}`;
  const money =
    verdict.usdPerHour !== null && verdict.usdPerHour >= 0.01 ? `, ${usd(verdict.usdPerHour)}/h more than usual` : '';
  const since = `since ${time(verdict.onsetMs)}`;
  const { split } = verdict;
  if (split !== undefined && finding.split !== undefined)
    return `${name}: ${versionText(split)}: ${split.newer}, against ${split.older} (${multiple(finding)}), ${since}${money}`;
  const version = split === undefined ? '' : `; ${versionText(split)}`;
  const joined = / joined: /.test(verdict.rule) ? `; ${verdict.rule.split(' joined: ', 1)[0]} too` : '';
  if (finding.model.kind === 'cusum') return `${name}: ${slowly(finding)} (${multiple(finding)}), ${since}`;
  return `${name}: ${phrase(finding)} in ${HORIZON[finding.horizon]} (${multiple(finding)}), ${since}${money}${joined}${version}`;
}

/** Which versions: the new one alone, since it came, or all alike. */
function versionText({ claim, name }: VersionSplit): string {
  if (claim === 'alike') return `old versions as much as ${name}: not the deploy`;
  return claim === 'only' ? `only ${name}` : `since ${name}`;
}

function phrase(finding: Finding): string {
  const { signal, direction, observed, low, high } = finding;
  const band = usually(low, high, finding.unit);
  if (signal === 'pattern') return `${finding.drivers[0] ?? 'an unusual pattern'},`;
  if (signal === 'silence') return `no invocation, though ${amount(finding.mid, '')} were due,`;
  if (signal === 'invocations')
    return `${amount(observed, '')} invocations, ${direction === 'up' ? '' : 'far fewer than usual, '}${band},`;
  return `${amount(observed, finding.unit)}${unitText(finding.unit)}, ${band},`;
}

/** What grew from week to week. */
function slowly({ signal, observed, mid, unit }: Finding): string {
  const show = (value: number) => `${amount(value, unit)}${unitText(unit)}`;
  return `${signal} has grown slowly to ${show(observed)}, from ${show(mid)} in the weeks before`;
}

/** The band of what is usual: whole numbers for what is counted, and none where hardly any. */
function usually(low: number, high: number, unit: string): string {
  if (unit === 'USD' || unit === 'ms' || unit === 'MiB' || unit.startsWith('bytes'))
    return `usually ${amount(low, unit)} to ${amount(high, unit)}`;
  const most = Math.round(high);
  return most < 1 ? 'usually none' : `usually ${amount(Math.round(low), '')} to ${amount(most, '')}`;
}

/** Units of what other signals observed. */
const UNIT: Readonly<Partial<Record<Finding['signal'], string>>> = { cost: 'USD', egress: 'bytes', memory: 'MiB' };
/** Signals whose expectation follows the hour; the others compare with the whole past. */
const HOURLY: readonly Finding['signal'][] = ['invocations', 'silence', 'cost', 'egress', 'duration'];

/** Compared with what. */
function comparedWith({ windowsLearnt, signal, usualAt }: Verdict): string {
  const minutes = windowsLearnt.toLocaleString('en-US');
  const days = windowsLearnt >= 1440 ? ` (${(windowsLearnt / 1440).toFixed(1)} days)` : '';
  const when = usualAt !== undefined && HOURLY.includes(signal) ? `, as usual from ${usualAt}` : '';
  return `compared with ${minutes} minutes of its own past${days}${when}`;
}

function multiple(finding: Finding): string {
  if (finding.signal === 'silence') return 'none';
  if (finding.ratio >= 1000) return '×1000 or more';
  return `×${finding.ratio >= 10 ? finding.ratio.toFixed(0) : finding.ratio.toFixed(2)}`;
}

function unitText(unit: string): string {
  return unit === 'USD' || unit.startsWith('bytes')
    ? unit === 'bytes per call'
      ? ' sent per call'
      : unit === 'bytes'
        ? ' sent'
        : ''
    : ` ${unit}`;
}

/** A number as a person reads it: 3 figures, bytes in binary units, dollars with a sign. */
export function amount(value: number, unit: string): string {
  if (unit === 'USD') return usd(value);
  if (unit.startsWith('bytes')) return bytes(value);
  if (value !== 0 && Math.abs(value) < 0.01) return value.toExponential(1);
  if (Math.abs(value) < 100 && !Number.isInteger(value)) return value.toPrecision(3).replace(/\.?0+$/, '');
  return Math.round(value).toLocaleString('en-US');
}

export function usd(value: number): string {
  if (value === 0) return '$0';
  return Math.abs(value) >= 0.01 ? `$${value.toFixed(2)}` : `$${value.toPrecision(2)}`;
}

export function bytes(value: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let scaled = value;
  let unit = 0;
  while (scaled >= 1024 && unit < units.length - 1) {
    scaled /= 1024;
    unit++;
  }
  return `${scaled >= 100 || unit === 0 ? Math.round(scaled) : scaled.toPrecision(3)} ${units[unit]}`;
}

function time(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

function oneShotText(verdict: Verdict): string {
  const [what = '', ...rest] = (verdict.detail ?? '').split(':');
  const value = rest.join(':');
  switch (what) {
    case 'secret':
      return `text shaped like a secret (${value}) in its log; the text itself is not shown or stored`;
    case 'verbose':
      return `error details (${value}) in its log that it never showed before`;
    case 'dormant-awake':
      return `called again after ${value} of sleep`;
    case 'new-function-burst':
      return `never seen before, and started with ${value}`;
    case 'first-seen':
      return 'first seen';
    case 'new-version':
      return `version ${value} answers for the first time`;
    case 'level-back':
      return `back at the level of before the shift (${value}): what was usual then is again`;
    case 'memory-grown':
      return `memory size raised, ${value}: each millisecond costs that much more`;
    case 'timeout-changed':
      return `time limit changed, ${value}`;
    case 'memory-size':
      return `memory size changed, ${value}`;
    case 'logs-dropped':
      return `the platform dropped ${value} of its log`;
    default:
      return verdict.detail ?? verdict.signal;
  }
}

/** Why: each step from observation to alert, with its numbers. */
export function reasons(verdict: Verdict): string[] {
  const { finding } = verdict;
  if (finding === null) return [verdict.rule];
  const why = [
    `${finding.rule}`,
    `${verdict.rule} (p = ${probability(finding.score)})`,
    ...finding.drivers,
    comparedWith(verdict),
  ];
  if (verdict.detail?.startsWith('error-type:') === true)
    why.push(`new error type: ${verdict.detail.slice('error-type:'.length)}`);
  if (verdict.split !== undefined && finding.split === undefined)
    why.push(
      `${versionText(verdict.split)}: ${verdict.split.newer}, against ${verdict.split.older} (score ${verdict.split.score.toFixed(1)})`,
    );
  for (const { signal, score, observed, mid, horizon } of verdict.related) {
    const unit = UNIT[signal] ?? '';
    const usual = unit === '' && mid < 0.5 ? 'usually none' : `usually ${amount(mid, unit)}`;
    why.push(`also ${signal}: ${amount(observed, unit)} in ${HORIZON[horizon]}, ${usual} (score ${score.toFixed(1)})`);
  }
  return why;
}

export function probability(score: number): string {
  return score > 300 ? '1e-300 or less' : `1e-${score.toFixed(1)}`;
}
