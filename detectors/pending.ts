import { F, Flag, type FragmentBlock, NONE, U } from '../ingest/fragment.ts';
import { requestIdOf } from './evidence.ts';
import { hasId, idKey } from './keys.ts';
import type { PendingInvocation, Shard } from './shard.ts';

/**
 * How long an invocation waits for more pieces (Insights, error lines) before it goes to storage, ms: as late as pieces
 * usually come. One that comes later corrects the minutes, but the row stands: half a row must not take its place.
 */
const WAIT_MS = 900_000;
/** Lines about one attempt stand closer than this; a retry comes at least a minute later, ms. */
const SAME_ATTEMPT_MS = 30_000;

function blank(fn: string, timeMs: number, id: string): PendingInvocation {
  return {
    fn,
    timeMs,
    invocationId: id,
    version: null,
    instance: null,
    durationUs: null,
    billedUs: null,
    initUs: null,
    restoreUs: null,
    memorySizeKib: null,
    memoryUsedKib: null,
    outcome: 'unknown',
    errorType: null,
    egressBytes: null,
    ingressBytes: null,
    cpuUs: null,
    coldStart: null,
    costPicoUsd: null,
    isPartial: true,
  };
}

const known = (value: number): number | null => (value >= 0 ? value : null);
const knownWord = (word: number): number | null => (word === NONE ? null : word);

function outcomeOf(flags: number, before: PendingInvocation['outcome']): PendingInvocation['outcome'] {
  if ((flags & Flag.oom) !== 0 || before === 'oom') return 'oom';
  if ((flags & Flag.timeout) !== 0 || before === 'timeout') return 'timeout';
  if ((flags & Flag.failed) !== 0 || before === 'error') return 'error';
  return (flags & Flag.statusKnown) !== 0 ? 'success' : before;
}

/** A report: kept when all are wanted, when it is notable, or when another piece of it already is. */
export function noteReport(
  shard: Shard,
  block: FragmentBlock,
  i: number,
  slot: number,
  notable: boolean,
  costPico: number | null,
): void {
  const { invocations } = shard.options;
  if (invocations === 'none') return;
  const u = i * U.stride;
  const f = i * F.stride;
  const key = idKey(block, u, shard.salts[slot]!);
  let record = shard.pending.get(key);
  if (invocations === 'notable' && !notable && record === undefined) return;
  const { f: doubles, u: words, dictionary } = block;
  const timeMs = doubles[f]!;
  if (record === undefined || (!record.isPartial && record.timeMs !== timeMs)) {
    if (record !== undefined) shard.invocations.push(record);
    record = blank(shard.keys[slot]!, timeMs, requestIdOf(block, i));
    wait(shard, key, record);
  }
  const flags = words[u]!;
  record.timeMs = timeMs;
  record.version = words[u + U.version] === 0 ? record.version : dictionary.text(words[u + U.version]!);
  record.instance = words[u + U.stream] === 0 ? record.instance : dictionary.text(words[u + U.stream]!);
  record.durationUs = known(doubles[f + F.durationUs]!);
  record.billedUs = known(doubles[f + F.billedUs]!);
  record.initUs = known(doubles[f + F.initUs]!);
  record.restoreUs = known(doubles[f + F.b]!);
  record.memorySizeKib = knownWord(words[u + U.memorySizeKib]!);
  record.memoryUsedKib = knownWord(words[u + U.memoryUsedKib]!);
  record.outcome = outcomeOf(flags, record.outcome);
  record.errorType = words[u + U.text] === 0 ? record.errorType : dictionary.text(words[u + U.text]!);
  record.coldStart = (flags & (Flag.managed | Flag.coldUnknown)) !== 0 ? null : (flags & Flag.cold) !== 0;
  record.costPicoUsd = costPico;
  record.isPartial = false;
  delete record.isTooLate;
}

/**
 * A line that tells of a failure; its report may come before or after. `isTooLate` = it is worth a row only with its report:
 * alone it must not take the place of one that is stored.
 */
export function noteFailure(shard: Shard, block: FragmentBlock, i: number, slot: number, isTooLate = false): void {
  const u = i * U.stride;
  if (shard.options.invocations === 'none' || !hasId(block, u)) return;
  const key = idKey(block, u, shard.salts[slot]!);
  const timeMs = block.f[i * F.stride]!;
  let record = shard.pending.get(key);
  if (record !== undefined && !record.isPartial && timeMs > record.timeMs + SAME_ATTEMPT_MS) {
    release(shard, key, record); // the line is about a retry, whose report is still to come
    record = undefined;
  }
  if (record === undefined) {
    if (isReleased(shard, key, timeMs)) return;
    record = blank(shard.keys[slot]!, timeMs, requestIdOf(block, i));
    if (isTooLate) record.isTooLate = true;
    wait(shard, key, record);
  }
  record.outcome = outcomeOf(block.u[u]! | Flag.failed, record.outcome);
  if (block.u[u + U.text] !== 0) record.errorType = block.dictionary.text(block.u[u + U.text]!);
}

/** `isTooLate` as with `noteFailure` */
export function noteInsights(shard: Shard, block: FragmentBlock, i: number, slot: number, isTooLate = false): void {
  const u = i * U.stride;
  const { invocations } = shard.options;
  if (invocations === 'none' || !hasId(block, u)) return;
  const key = idKey(block, u, shard.salts[slot]!);
  let record = shard.pending.get(key);
  if (record === undefined) {
    if (invocations === 'notable' || isReleased(shard, key, block.f[i * F.stride]!)) return;
    record = blank(shard.keys[slot]!, block.f[i * F.stride]!, requestIdOf(block, i));
    if (isTooLate) record.isTooLate = true;
    wait(shard, key, record);
  }
  const f = i * F.stride;
  record.egressBytes = known(block.f[f + F.a]!);
  record.ingressBytes = known(block.f[f + F.b]!);
  record.cpuUs = known(block.f[f + F.c]!);
}

/** Hands over what has waited long enough; everything when `beforeMs` is infinite. */
export function releasePending(shard: Shard, watermarkMs: number): void {
  for (const [key, record] of shard.pending) {
    if (record.timeMs <= watermarkMs - WAIT_MS) release(shard, key, record);
  }
}

/** Hands over what is known of the calls of these functions. */
export function releaseOf(shard: Shard, fns: ReadonlySet<string>): void {
  for (const [key, record] of shard.pending) if (fns.has(record.fn)) release(shard, key, record);
}

/** Lets a row wait for its pieces; where too many wait, the one that has waited longest goes now. */
function wait(shard: Shard, key: number, record: PendingInvocation): void {
  shard.pending.set(key, record);
  if (shard.pending.size <= shard.bounds.pending) return;
  const [oldest, first] = shard.pending.entries().next().value!;
  shard.dropped.rows++;
  release(shard, oldest, first);
}

function release(shard: Shard, key: number, record: PendingInvocation): void {
  shard.pending.delete(key);
  if (record.isTooLate === true) return;
  shard.invocations.push(record);
  if (!record.isPartial) shard.released.add(record.timeMs, key / 4294967296, key);
}

/** Whether the row of this attempt is in storage already. */
function isReleased(shard: Shard, key: number, timeMs: number): boolean {
  return shard.released.hasNear(timeMs, key / 4294967296, key);
}
