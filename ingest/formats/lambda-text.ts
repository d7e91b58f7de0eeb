import { MAX_DURATION_US, MAX_MEMORY_KIB } from '../bytes.ts';
import { thousandthsOf } from '../decimal.ts';
import { F, Flag, FragmentKind, NONE, U } from '../fragment.ts';
import { Status } from '../recorder.ts';
import { setRequestId } from '../request-id.ts';
import { readLabels } from './labels.ts';
import type { LogEvent, TextFormat } from './log-event.ts';

const PLATFORM =
  /^(?:START|END|REPORT|INIT_START|INIT_REPORT|RESTORE_START|RESTORE_REPORT|EXTENSION|TELEMETRY|LOGS|LAMBDA_WARNING|XRAY|RequestId:|Process exited|\[WARNING\])/;
const START = /^START\s+RequestId:\s+(\S{1,200})(?:\s+Version:\s+(\S{1,200}))?/;
const END = /^END\s+RequestId:\s+\S/;
const REPORT = /^REPORT\s+RequestId:\s+(\S{1,200})\s/;
const ENVIRONMENT_START = /^(?:INIT_START|RESTORE_START)\s+Runtime Version:\s+(\S{1,200})/;
const ENVIRONMENT_REPORT = /^(?:INIT_REPORT|RESTORE_REPORT)\s+/;
const NOTHING_TO_KEEP =
  /^(?:(?:EXTENSION|TELEMETRY|LOGS)\s+Name:\s|LAMBDA_WARNING: |\[WARNING\]\s\S{0,40}\s\S{0,40}\s?LAMBDA_WARNING: |XRAY TraceId:\s)/;
const TIMED_OUT = /^(?:\S{19,35}\s+)?([\w-]{1,200})\s+Task timed out after\s+([\d.]{1,20}) seconds/;
const EXIT =
  /^RequestId:\s+(\S{1,200})\s+(?:Error: ([^\n]{0,500})|Process exited before completing request)(?:\n([A-Z][\w.]{1,100}))?/;
const BARE_EXIT = /^Process exited before completing request\s*$/;
const OUT_OF_MEMORY = 'Runtime.OutOfMemory';

/**
 * What the platform writes in text format. Anchored at the start of the event, because user text may quote such lines;
 * unknown labels are ignored, their order is free. Source: AWS Lambda Developer Guide.
 */
export const lambdaText: TextFormat = (line, event) => {
  if (readTimeout(line, event)) return true;
  if (!PLATFORM.test(line)) return false;
  // copies in fixtures hold a backslash and a letter where CloudWatch has the character
  const text = line.includes('\\') ? line.replaceAll('\\t', '\t').replaceAll('\\n', '\n') : line;
  if (readStart(text, event) || readReport(text, event) || readEnvironment(text, event) || readExit(text, event))
    return true;
  if (!END.test(text) && !NOTHING_TO_KEEP.test(text)) return false;
  event.journal.stats.platformLines++;
  return true;
};

function readStart(text: string, event: LogEvent): boolean {
  const match = START.exec(text);
  if (match === null) return false;
  event.setId(match[1] ?? '');
  event.recorder.start(event.stream, event.timeMs, event.id, match[2] === undefined ? 0 : event.intern(match[2]));
  return true;
}

function readReport(text: string, event: LogEvent): boolean {
  const match = REPORT.exec(text);
  if (match === null)
    return /^REPORT\s+RequestId:\s+\S+$/.test(text) && rejected(event, 'REPORT without Duration', text);
  const { report } = event.recorder;
  const labels = readLabels(firstLine(text), match[0].length);
  report.clear();
  setRequestId(report.id, match[1] ?? '', event.intern);
  if (!labels.has('Duration')) return rejected(event, 'REPORT without Duration', text);
  report.durationUs = micros(labels, 'Duration');
  report.billedUs = micros(labels, 'Billed Duration');
  report.initUs = micros(labels, 'Init Duration');
  report.restoreUs = micros(labels, 'Restore Duration');
  report.billedRestoreUs = micros(labels, 'Billed Restore Duration');
  report.memorySizeKib = kibibytes(labels, 'Memory Size');
  report.memoryUsedKib = kibibytes(labels, 'Max Memory Used');
  const malformed = malformedLabel(labels);
  if (malformed !== null) return rejected(event, `REPORT with a malformed ${malformed}`, text);
  report.status = statusOf(labels.get('Status'));
  report.errorType = event.intern(labels.get('Error Type') ?? '');
  event.recorder.reportAt(event.stream, event.timeMs);
  return true;
}

/** INIT_START, RESTORE_START, INIT_REPORT, RESTORE_REPORT: they name no request and belong to the environment. */
function readEnvironment(text: string, event: LogEvent): boolean {
  const start = ENVIRONMENT_START.exec(text);
  if (start !== null) {
    const runtime = start[1] ?? '';
    event.stream.durable = runtime.includes('DurableFunction');
    const i = event.recorder.add(
      FragmentKind.init | (event.stream.durable ? Flag.durable : 0),
      event.stream,
      event.timeMs,
    );
    if (i >= 0) event.recorder.out.block.u[i * U.stride + U.text] = event.intern(runtime);
    return true;
  }
  const report = ENVIRONMENT_REPORT.exec(text);
  if (report === null) return false;
  const labels = readLabels(firstLine(text), report[0].length);
  const malformed = malformedLabel(labels);
  if (malformed !== null) return rejected(event, `INIT_REPORT with a malformed ${malformed}`, text);
  if (!labels.has('Init Duration') && !labels.has('Restore Duration')) return false;
  writeEnvironment(
    event,
    micros(labels, 'Init Duration'),
    micros(labels, 'Restore Duration'),
    statusOf(labels.get('Status')),
    labels.get('Error Type') ?? '',
  );
  return true;
}

/** Writes how an init or a restore went, µs; used for both formats. */
export function writeEnvironment(
  event: LogEvent,
  initUs: number,
  restoreUs: number,
  status: Status,
  errorType: string,
): void {
  const i = event.recorder.add(FragmentKind.init | failureFlags(status, errorType), event.stream, event.timeMs);
  if (i < 0) return;
  const { f, u } = event.recorder.out.block;
  f[i * F.stride + F.initUs] = initUs;
  f[i * F.stride + F.b] = restoreUs;
  u[i * U.stride + U.text] = event.intern(errorType);
}

/** Writes that the attempt `event.id`, or the open one, failed. `limitUs`: the function's timeout where the line tells it. */
export function writeFailure(event: LogEvent, flags: number, errorType: string, limitUs = Number.NaN): void {
  const i = event.add(FragmentKind.failure | Flag.failed | flags);
  if (i < 0) return;
  event.recorder.out.block.f[i * F.stride + F.a] = limitUs;
  event.recorder.out.block.u[i * U.stride + U.text] = event.intern(errorType);
}

export function failureFlags(status: Status, errorType: string): number {
  let flags = status === Status.unknown ? 0 : Flag.statusKnown;
  if (status >= Status.error) flags |= Flag.failed;
  if (status === Status.timeout) flags |= Flag.timeout;
  return errorType === OUT_OF_MEMORY ? flags | Flag.oom : flags;
}

/** Old-style timeout: its own event, after the REPORT. */
function readTimeout(text: string, event: LogEvent): boolean {
  if (!text.includes('Task timed out after')) return false;
  const match = TIMED_OUT.exec(text);
  if (match === null) return false;
  event.setId(match[1] ?? '');
  const limitUs = thousandthsOf(match[2] ?? '') * 1000;
  writeFailure(event, Flag.timeout, '', limitUs <= MAX_DURATION_US ? limitUs : Number.NaN);
  return true;
}

function readExit(text: string, event: LogEvent): boolean {
  const match = EXIT.exec(text);
  if (match === null && !BARE_EXIT.test(text)) return false;
  event.setId(match?.[1] ?? '');
  // a process killed by signal 9 met the memory limit, nearly always
  const isKilled = /signal: killed/.test(match?.[2] ?? '');
  writeFailure(event, isKilled ? Flag.oom : 0, match?.[3] ?? 'Runtime.ExitError');
  return true;
}

function statusOf(word: string | undefined): Status {
  if (word === undefined) return Status.unknown;
  if (word === 'timeout') return Status.timeout;
  if (word === 'success') return Status.success;
  return word === 'error' || word === 'failure' ? Status.error : Status.unknown;
}

const MEASURES: Readonly<Record<string, string>> = {
  Duration: 'ms',
  'Billed Duration': 'ms',
  'Init Duration': 'ms',
  'Restore Duration': 'ms',
  'Billed Restore Duration': 'ms',
  'Memory Size': 'MB',
  'Max Memory Used': 'MB',
};

function malformedLabel(labels: ReadonlyMap<string, string>): string | null {
  for (const [label, unit] of Object.entries(MEASURES)) {
    if (!labels.has(label)) continue;
    const value = unit === 'ms' ? micros(labels, label) : kibibytes(labels, label);
    if (Number.isNaN(value) || value === NONE) return label;
  }
  return null;
}

function micros(labels: ReadonlyMap<string, string>, label: string): number {
  const us = measure(labels.get(label), 'ms');
  return us <= MAX_DURATION_US ? us : Number.NaN;
}

function kibibytes(labels: ReadonlyMap<string, string>, label: string): number {
  const kib = Math.round((measure(labels.get(label), 'MB') / 1000) * 1024);
  return kib <= MAX_MEMORY_KIB ? kib : NONE;
}

function measure(value: string | undefined, unit: string): number {
  return value?.endsWith(` ${unit}`) ? thousandthsOf(value.slice(0, -unit.length - 1)) : Number.NaN;
}

/** The X-Ray part is a second line of the event and has labels of its own. */
function firstLine(text: string): string {
  const end = text.search(/\n|\sXRAY TraceId:/);
  return (end < 0 ? text : text.slice(0, end)).slice(0, 4000);
}

function rejected(event: LogEvent, reason: string, text: string): true {
  event.journal.reject(reason, text);
  return true;
}
