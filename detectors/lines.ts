import { F, Flag, type FragmentBlock, U } from '../ingest/fragment.ts';
import { C } from './cells.ts';
import { early } from './early.ts';
import { requestIdOf } from './evidence.ts';
import { countFailure } from './failures.ts';
import { hasId, log2 } from './keys.ts';
import { oneShot } from './lifecycle.ts';
import { field, once } from './once.ts';
import { cellAt } from './open-windows.ts';
import { FIELD, P, PAGE } from './page.ts';
import { noteInsights } from './pending.ts';
import type { Shard } from './shard.ts';
import { addNewerBytes, addNewerDenied, isNewer } from './versions/newer.ts';

const MINUTE_MS = 60_000;

/** A Lambda Insights event: the bytes of one invocation. */
export function insights(
  shard: Shard,
  block: FragmentBlock,
  i: number,
  slot: number,
  timeMs: number,
  nowMs: number,
): void {
  const u = i * U.stride;
  if (!once(shard, block, u, slot, timeMs)) return;
  const sent = block.f[i * F.stride + F.a]!;
  const page = slot * PAGE;
  if (block.f[i * F.stride + F.c]! >= 0) field(shard, slot, FIELD.cpu);
  // what names its source is a part of what was sent, or what the function counted: Lambda Insights names none
  const isOwn = block.u[u + U.text] !== 0;
  if ((sent >= 0 || !isOwn) && !isSource(shard, slot, page, isOwn)) return;
  noteInsights(shard, block, i, slot);
  if ((block.u[u]! & (Flag.failed | Flag.timeout)) !== 0)
    countFailure(shard, block, i, slot, cellAt(shard, slot, timeMs), timeMs);
  if (!(sent >= 0)) return;
  const at = cellAt(shard, slot, timeMs);
  const { values } = shard.cells;
  const log = log2(1 + sent);
  values[at + C.en] = values[at + C.en]! + 1;
  values[at + C.es] = values[at + C.es]! + log;
  values[at + C.ess] = values[at + C.ess]! + log * log;
  values[at + C.bytes] = values[at + C.bytes]! + sent;
  if (isNewer(shard, block, u, slot)) addNewerBytes(shard, slot, timeMs, log);
  if (sent > values[at + C.bytesMax]!) values[at + C.bytesMax] = sent;
  const calls = shard.pages[page + P.bytes + 1]!;
  if (calls >= 10 && sent > (8 * shard.pages[page + P.bytes]!) / calls) {
    shard.evidence.add(slot, 'sending', requestIdOf(block, i), block.f[i * F.stride]!);
    if (sent === values[at + C.bytesMax]) early(shard, slot, at, nowMs);
  }
}

/** One source of bytes a function, never two in one baseline: what Lambda Insights says goes before a custom metric. */
function isSource(shard: Shard, slot: number, page: number, isOwn: boolean): boolean {
  const fields = shard.words[page + P.fields]!;
  if (isOwn) {
    if ((fields & FIELD.egress) !== 0) return false;
    field(shard, slot, FIELD.egressEmf);
    return true;
  }
  if ((fields & FIELD.egress) === 0 && (fields & FIELD.egressEmf) !== 0) {
    shard.pages.fill(0, page + P.egr, page + P.egr + 5);
    shard.pages.fill(0, page + P.bytes, page + P.bytes + 5);
  }
  field(shard, slot, FIELD.egress);
  return true;
}

/** A line with an HTTP status, or that says access was denied. */
export function access(
  shard: Shard,
  block: FragmentBlock,
  i: number,
  slot: number,
  timeMs: number,
  nowMs: number,
): void {
  const u = i * U.stride;
  if (!once(shard, block, u, slot, timeMs)) return;
  field(shard, slot, FIELD.httpStatus);
  const at = cellAt(shard, slot, timeMs);
  const { values } = shard.cells;
  const weight = block.f[i * F.stride + F.weight]!;
  values[at + C.stat] = values[at + C.stat]! + weight;
  const status = block.f[i * F.stride + F.a]!;
  if ((block.u[u]! & Flag.denied) === 0 && status !== 401 && status !== 403) return;
  values[at + C.acc] = values[at + C.acc]! + weight;
  if (isNewer(shard, block, u, slot)) addNewerDenied(shard, slot, timeMs);
  if (hasId(block, u)) shard.evidence.add(slot, 'failed', requestIdOf(block, i), block.f[i * F.stride]!);
  early(shard, slot, at, nowMs);
}

/** Text that should not be in a log. */
export function content(
  shard: Shard,
  block: FragmentBlock,
  i: number,
  slot: number,
  timeMs: number,
  nowMs: number,
): void {
  const u = i * U.stride;
  if (!once(shard, block, u, slot, timeMs)) return;
  field(shard, slot, FIELD.applicationLine);
  cellAt(shard, slot, timeMs);
  const kind = block.dictionary.text(block.u[u + U.text]!);
  const verbose = (block.u[u]! & Flag.verbose) !== 0;
  oneShot(shard, slot, timeMs, nowMs, verbose ? `verbose:${kind}` : `secret:${kind}`, requestIdOf(block, i));
}

/** The platform says that it lost log records: said at most once an hour of a function. */
export function dropped(
  shard: Shard,
  block: FragmentBlock,
  i: number,
  slot: number,
  timeMs: number,
  nowMs: number,
): void {
  if (!once(shard, block, i * U.stride, slot, timeMs)) return;
  const last = shard.droppedAt.get(slot) ?? Number.NEGATIVE_INFINITY;
  if (timeMs - last < 60 * MINUTE_MS) return;
  shard.droppedAt.set(slot, timeMs);
  oneShot(shard, slot, timeMs, nowMs, `logs-dropped:${Math.max(0, block.f[i * F.stride + F.a]! || 0)} records`, '');
}
