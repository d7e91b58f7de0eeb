import { Flag } from '../ingest/fragment.ts';
import { oneShot, toldOf } from './lifecycle.ts';
import { EPOCH_MINUTE, P, PAGE } from './page.ts';
import type { Shard } from './shard.ts';
import { observe } from './versions/observe.ts';

const MINUTE_MS = 60_000;
/** Memory is billed by size: a step of this much is worth a look, less is a fact for the record. */
const DEARER = 1.75;

/** The memory size of a function is another than before: an event, never an alarm. */
export function sizeChanged(
  shard: Shard,
  slot: number,
  page: number,
  sizeKib: number,
  timeMs: number,
  nowMs: number,
): void {
  const before = shard.pages[page + P.memoryKib]!;
  shard.pages[page + P.memoryKib] = sizeKib;
  shard.pages[page + P.memorySince] = Math.floor(timeMs / MINUTE_MS) - EPOCH_MINUTE;
  const detail = sizeKib >= DEARER * before ? 'memory-grown' : 'memory-size';
  if (before > 0)
    oneShot(shard, slot, timeMs, nowMs, `${detail}:${Math.round(before / 1024)}→${Math.round(sizeKib / 1024)} MiB`, '');
}

/** A version answers; a newer one than known is an event. */
export function versionSeen(
  shard: Shard,
  slot: number,
  page: number,
  version: number,
  timeMs: number,
  nowMs: number,
): void {
  const before = shard.words[page + P.version]!;
  const minute = Math.floor(timeMs / MINUTE_MS) - EPOCH_MINUTE;
  const order = versionOrder(shard, version) - versionOrder(shard, before);
  if (before !== 0 && order <= 0) return; // an environment of the version before still answers
  shard.words[page + P.version] = version;
  shard.pages[page + P.versionSince] = minute;
  if (before === 0) return;
  observe(shard, slot, version, before, minute);
  const text = shard.texts.get(version) ?? '';
  oneShot(shard, slot, timeMs, nowMs, `new-version:${text}`, '', toldOf(shard, slot, text, timeMs));
}

/** Published versions are numbers that grow; $LATEST stands before them. */
function versionOrder(shard: Shard, version: number): number {
  const number = Number(shard.texts.get(version));
  return Number.isFinite(number) ? number : -1;
}

/** Time limits are whole seconds; a report of a call that hit one says so within this, µs. */
const LIMIT_SLACK_US = 100_000;

/** A report of a timeout: with a status its duration is the limit, in older lines its bill is. */
export function noteLimit(
  shard: Shard,
  slot: number,
  flags: number,
  durationUs: number,
  billedUs: number,
  timeMs: number,
  nowMs: number,
): void {
  const us = (flags & Flag.statusKnown) !== 0 ? durationUs : billedUs;
  const limitUs = Math.round(us / 1e6) * 1e6;
  if (limitUs > 0 && Math.abs(us - limitUs) <= LIMIT_SLACK_US) limitSeen(shard, slot, limitUs, timeMs, nowMs);
}

/** A call hit a time limit of `limitUs`; another one than before was set since: an event, never an alarm. */
export function limitSeen(shard: Shard, slot: number, limitUs: number, timeMs: number, nowMs: number): void {
  const at = slot * PAGE + P.timeoutUs;
  const before = shard.pages[at]!;
  if (Math.abs(limitUs - before) < LIMIT_SLACK_US) return;
  shard.pages[at] = limitUs;
  if (before > 0) oneShot(shard, slot, timeMs, nowMs, `timeout-changed:${seconds(before)}→${seconds(limitUs)}`, '');
}

const seconds = (us: number): string => `${Number((us / 1e6).toPrecision(4))} s`;
