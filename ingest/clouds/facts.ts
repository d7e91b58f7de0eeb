import { MAX_DURATION_US, MAX_MEMORY_KIB } from '../bytes.ts';
import { F, Flag, FragmentKind, type FunctionIdentity, NONE, U } from '../fragment.ts';
import type { LogStream } from '../identity.ts';
import type { Reading } from '../reading.ts';
import { Status } from '../recorder.ts';
import { newRequestId, setRequestId, setUnnamedId } from '../request-id.ts';

/** What a record of one invocation says, whatever cloud wrote it. NaN, null and '' = not said. */
export interface InvocationFacts {
  readonly who: FunctionIdentity;
  readonly version: string;
  /** the environment it ran in */
  readonly instance: string;
  /** Unix ms; the end is what counts, see `endOf` */
  readonly startMs: number;
  readonly endMs: number;
  readonly durationMs: number;
  readonly billedMs: number;
  readonly initMs: number;
  readonly memoryMb: number;
  readonly memoryUsedMb: number;
  readonly cpuMs: number;
  readonly status: Status;
  readonly isOutOfMemory: boolean;
  /** null: the source cannot tell */
  readonly isCold: boolean | null;
  readonly errorType: string;
  readonly requestId: string;
  readonly httpStatus: number;
  readonly bytesOut: number;
  readonly costUsd: number;
  /** invocations that this record stands for, a whole number from 1 on */
  readonly weight: number;
}

/** Facts of which nothing but the function and the end is known; a reader adds what its record says. */
export const unknownFacts = (who: FunctionIdentity, endMs: number): InvocationFacts => ({
  who,
  version: '',
  instance: '',
  startMs: Number.NaN,
  endMs,
  durationMs: Number.NaN,
  billedMs: Number.NaN,
  initMs: Number.NaN,
  memoryMb: Number.NaN,
  memoryUsedMb: Number.NaN,
  cpuMs: Number.NaN,
  status: Status.unknown,
  isOutOfMemory: false,
  isCold: null,
  errorType: '',
  requestId: '',
  httpStatus: Number.NaN,
  bytesOut: Number.NaN,
  costUsd: Number.NaN,
  weight: 1,
});

/** Marks bytes that are those of a response: never in one baseline with all that a function sent. */
export const RESPONSE_BYTES = 'response';
const PICO = 1e12;
const id = newRequestId();

/**
 * Writes an invocation as fragments: the report, and what else the record tells of it. Returns its stream. `record` is
 * its text, which tells it from others where it names no request. About 1 µs.
 */
export function writeInvocation(reading: Reading, record: string, facts: InvocationFacts): LogStream {
  const { identities, recorder } = reading;
  const intern = (text: string) => recorder.out.dictionary.id(text.slice(0, 128));
  const stream = identities.ofCloud(facts.who, facts.version, facts.instance);
  if (facts.requestId !== '') setRequestId(id, facts.requestId, intern);
  else setUnnamedId(id, record, intern);
  const { report } = recorder;
  report.clear();
  const row = recorder.openReport(stream, facts.endMs);
  const { f, u } = row;
  f[row.fAt + F.durationUs] = micros(facts.durationMs);
  f[row.fAt + F.billedUs] = micros(facts.billedMs);
  f[row.fAt + F.initUs] = micros(facts.initMs);
  f[row.fAt + F.a] = facts.startMs;
  f[row.fAt + F.weight] = facts.weight;
  u[row.uAt + U.text] = facts.errorType === '' ? 0 : intern(facts.errorType);
  u[row.uAt + U.memorySizeKib] = kib(facts.memoryMb);
  u[row.uAt + U.memoryUsedKib] = kib(facts.memoryUsedMb);
  recorder.closeReport(stream, id, facts.status, false);
  // that a bill below the duration means a timeout is true of Lambda's text lines alone
  const guessed = facts.status === Status.unknown ? Flag.failed | Flag.timeout : 0;
  u[row.uAt] = (u[row.uAt]! & ~guessed) | flagsOf(facts);
  if (facts.costUsd >= 0) f[row.fAt + F.c] = Math.round(facts.costUsd * PICO);
  writeAccess(reading, stream, facts);
  writeBytes(reading, stream, facts);
  return stream;
}

/** An invocation began; its report is another record. */
export function writeStart(reading: Reading, who: FunctionIdentity, timeMs: number, requestId: string): void {
  const { identities, recorder } = reading;
  setRequestId(id, requestId, (text) => recorder.out.dictionary.id(text));
  recorder.begin(false);
  recorder.start(identities.ofCloud(who, '', ''), timeMs, id, 0);
  recorder.end();
}

/** An attempt failed, as a record besides that of the invocation says. */
export function writeFailureOf(
  { recorder }: Reading,
  stream: LogStream,
  timeMs: number,
  requestId: string,
  flags: number,
  errorType: string,
): void {
  const intern = (text: string) => recorder.out.dictionary.id(text.slice(0, 128));
  setRequestId(id, requestId, intern);
  const i = recorder.addAbout(id, FragmentKind.failure | Flag.failed | flags, stream, timeMs);
  recorder.out.block.u[i * U.stride + U.text] = intern(errorType);
}

function flagsOf(facts: InvocationFacts): number {
  let flags = facts.isCold === true ? Flag.cold : facts.isCold === null ? Flag.coldUnknown : 0;
  if (facts.isOutOfMemory) flags |= Flag.oom | Flag.failed;
  return facts.costUsd >= 0 ? flags | Flag.priced : flags;
}

function writeAccess({ recorder }: Reading, stream: LogStream, { httpStatus, endMs, weight }: InvocationFacts): void {
  if (!(httpStatus >= 100 && httpStatus <= 599)) return;
  const i = recorder.addAbout(id, FragmentKind.access, stream, endMs);
  const { f } = recorder.out.block;
  f[i * F.stride + F.a] = httpStatus;
  f[i * F.stride + F.weight] = weight;
}

function writeBytes({ recorder }: Reading, stream: LogStream, facts: InvocationFacts): void {
  const { bytesOut, cpuMs, endMs, weight } = facts;
  if (!(bytesOut >= 0) && !(cpuMs >= 0)) return;
  const i = recorder.addAbout(id, FragmentKind.insights, stream, endMs);
  const { f, u } = recorder.out.block;
  f[i * F.stride + F.a] = bytesOut;
  f[i * F.stride + F.c] = micros(cpuMs);
  f[i * F.stride + F.weight] = weight;
  u[i * U.stride + U.text] = recorder.out.dictionary.id(RESPONSE_BYTES);
}

/** µs of ms; what no invocation can last is unknown. */
function micros(ms: number): number {
  const us = Math.round(ms * 1000);
  return us >= 0 && us <= MAX_DURATION_US ? us : Number.NaN;
}

function kib(megabytes: number): number {
  const value = Math.round(megabytes * 1024);
  return value >= 0 && value <= MAX_MEMORY_KIB ? value : NONE;
}
