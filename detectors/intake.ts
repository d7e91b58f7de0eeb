import { type Dictionary, F, Flag, type FragmentBlock, FragmentKind, NONE, U } from '../ingest/fragment.ts';
import { billedCost, costPicoUsd, type Prices } from '../ingest/pricing.ts';
import { C } from './cells.ts';
import { limitSeen, noteLimit, sizeChanged, versionSeen } from './changes.ts';
import { early } from './early.ts';
import { requestIdOf } from './evidence.ts';
import { countFailure, newType } from './failures.ts';
import { holdStart } from './housekeeping.ts';
import { idKey, log2, log2OfKib, mix } from './keys.ts';
import { access, content, dropped, insights } from './lines.ts';
import { noteLogGroup } from './log-groups.ts';
import { field, once } from './once.ts';
import { cellAt } from './open-windows.ts';
import { FIELD, P, PAGE } from './page.ts';
import { noteFailure, noteInsights, noteReport } from './pending.ts';
import type { Shard } from './shard.ts';
import { addNewer } from './versions/newer.ts';
import { O, RECORD } from './versions/observation.ts';

const MINUTE_MS = 60_000;
/** Calls beyond this share of their time limit are near it: what is slower by a twentieth is cut off. */
const NEAR_LIMIT = 0.95;
/** Calls this near to the bar for slow ones, in octaves, are worth naming as evidence. */
const WORTH_NAMING = 0.25;

/**
 * Takes one fragment of a function of this shard. `nowMs` is what a live pipeline would call now in event time.
 * The hot path: 3 table look-ups and about 20 additions a report, nothing allocated.
 */
export function intake(shard: Shard, block: FragmentBlock, i: number, slot: number, nowMs: number): void {
  const f = i * F.stride;
  const u = i * U.stride;
  const timeMs = block.f[f]!;
  if (timeMs < nowMs - shard.options.settings.latenessMs - MINUTE_MS) {
    shard.tooLate++;
    noteTooLate(shard, block, i, slot);
    return;
  }
  switch (block.u[u]! & 0xff) {
    case FragmentKind.report:
      report(shard, block, i, slot, timeMs, nowMs);
      return;
    case FragmentKind.start:
      start(shard, block, i, slot, timeMs);
      return;
    case FragmentKind.failure:
      failure(shard, block, i, slot, timeMs, nowMs);
      return;
    case FragmentKind.insights:
      insights(shard, block, i, slot, timeMs, nowMs);
      return;
    case FragmentKind.access:
      access(shard, block, i, slot, timeMs, nowMs);
      return;
    case FragmentKind.content:
      content(shard, block, i, slot, timeMs, nowMs);
      return;
    case FragmentKind.errorLog:
      if (once(shard, block, u, slot, timeMs)) newType(shard, block, u, slot, timeMs, false);
      return;
    case FragmentKind.logsDropped:
      dropped(shard, block, i, slot, timeMs, nowMs);
      return;
    default: // init: cold starts are counted by the report that carries them
      field(shard, slot, FIELD.init);
  }
}

/**
 * What comes too late to count is still kept as a row. Where there is one already the new one takes its place, so all pieces
 * that come again belong to it.
 */
function noteTooLate(shard: Shard, block: FragmentBlock, i: number, slot: number): void {
  const kind = block.u[i * U.stride]! & 0xff;
  if (kind === FragmentKind.report) noteReport(shard, block, i, slot, true, costOf(shard, block, i, slot));
  else if (kind === FragmentKind.insights) noteInsights(shard, block, i, slot, true);
  else if (kind === FragmentKind.failure) noteFailure(shard, block, i, slot, true);
}

/** Of a report that comes too late to count: its row says all that the report says. */
function costOf(shard: Shard, block: FragmentBlock, i: number, slot: number): number | null {
  const cost = picoUsdOf(block, i, shard.prices[slot]!);
  return cost < 0 ? null : cost;
}

/** What a call cost, negative where that is not known: as its source told, by its provider's rules, or by Lambda's. */
function picoUsdOf({ f, u }: FragmentBlock, i: number, prices: Prices): number {
  const at = i * F.stride;
  const billedUs = f[at + F.billedUs]!;
  const sizeKib = u[i * U.stride + U.memorySizeKib]!;
  if ((u[i * U.stride]! & Flag.priced) !== 0) return f[at + F.c]!;
  if (prices.billing !== undefined) return billedCost(prices.billing, billedUs, f[at + F.durationUs]!, sizeKib);
  return billedUs >= 0 && sizeKib !== NONE ? costPicoUsd(billedUs, sizeKib, prices) : -1;
}

// biome-ignore lint/complexity/noExcessiveLinesPerFunction: the hot path of a report, in the order of its columns
function report(shard: Shard, block: FragmentBlock, i: number, slot: number, timeMs: number, nowMs: number): void {
  const { f: doubles, u: words } = block;
  const f = i * F.stride;
  const u = i * U.stride;
  const flags = words[u]!;
  if (
    !shard.reports.add(
      timeMs,
      mix(words[u + U.id0]!, words[u + U.id2]!, shard.salts[slot]!),
      mix(words[u + U.id1]!, words[u + U.id3]!, timeMs % 4294967296),
    )
  ) {
    shard.duplicates += (flags & Flag.fusedStart) !== 0 ? 2 : 1;
    return;
  }
  noteLogGroup(shard, block, u, slot);
  const page = slot * PAGE;
  const at = cellAt(shard, slot, timeMs);
  const { values } = shard.cells;
  const weight = doubles[f + F.weight]!;
  shard.calls++;
  values[at + C.n] = values[at + C.n]! + weight;
  let fields = FIELD.report;
  // text tells of some failures; only a record that says `success` shows that the others were none
  if ((flags & (Flag.statusKnown | Flag.failed)) === Flag.statusKnown) fields |= FIELD.status;
  const cold = (flags & Flag.cold) !== 0;
  if (cold) values[at + C.cold] = values[at + C.cold]! + weight;
  const durationUs = doubles[f + F.durationUs]!;
  if (durationUs >= 0) {
    fields |= FIELD.duration;
    addDuration(
      shard,
      at,
      page,
      durationUs,
      cold || (flags & (Flag.timeout | Flag.durable | Flag.managed)) !== 0,
      block,
      i,
      slot,
    );
  }
  const sizeKib = words[u + U.memorySizeKib]!;
  const usedKib = words[u + U.memoryUsedKib]!;
  if (usedKib !== NONE && usedKib > 0) {
    fields |= FIELD.memory;
    values[at + C.mn] = values[at + C.mn]! + 1;
    values[at + C.ms] = values[at + C.ms]! + log2OfKib(usedKib);
    if (usedKib > values[at + C.memoryMaxKib]!) values[at + C.memoryMaxKib] = usedKib;
  }
  if (sizeKib !== NONE) {
    values[at + C.memoryKib] = sizeKib;
    if (sizeKib !== shard.pages[page + P.memoryKib]) sizeChanged(shard, slot, page, sizeKib, timeMs, nowMs);
  }
  const billedUs = doubles[f + F.billedUs]!;
  const costPico = picoUsdOf(block, i, shard.prices[slot]!);
  if (costPico >= 0) {
    fields |= FIELD.cost;
    if (billedUs >= 0) values[at + C.billedUs] = values[at + C.billedUs]! + billedUs;
    values[at + C.costPico] = values[at + C.costPico]! + costPico * weight;
  }
  if ((flags & Flag.fusedStart) === 0) link(shard, block, u, slot, timeMs);
  const versionId = words[u + U.version]!;
  if (versionId !== 0) {
    fields |= FIELD.version;
    if (
      (versionId !== shard.versionOf[slot] && versionId !== shard.watched[slot]) ||
      block.dictionary !== shard.versionSource
    ) {
      noteVersion(shard, block.dictionary, slot, page, versionId, timeMs, nowMs);
    }
  }
  if (versionId !== 0 && versionId === shard.watched[slot]) {
    const isOther = cold || (flags & (Flag.timeout | Flag.durable | Flag.managed)) !== 0;
    const warmLog = durationUs >= 0 && !isOther ? log2(durationUs) : -1;
    addNewer(shard, slot, timeMs, weight, cold, warmLog, usedKib === NONE ? -1 : usedKib, costPico);
  }
  shard.words[page + P.fields] = shard.words[page + P.fields]! | fields;
  const failed = (flags & (Flag.failed | Flag.timeout | Flag.oom)) !== 0;
  noteReport(
    shard,
    block,
    i,
    slot,
    failed || durationIsSlow(shard, page, durationUs, cold),
    costPico < 0 ? null : costPico,
  );
  if (failed) countFailure(shard, block, i, slot, at, timeMs);
  if ((flags & Flag.timeout) !== 0) noteLimit(shard, slot, flags, durationUs, billedUs, timeMs, nowMs);
  if (failed || values[at + C.n]! >= values[at + C.nextCheck]!) early(shard, slot, at, nowMs);
}

function noteVersion(
  shard: Shard,
  dictionary: Dictionary,
  slot: number,
  page: number,
  versionId: number,
  timeMs: number,
  nowMs: number,
): void {
  if (dictionary !== shard.versionSource) {
    shard.versionOf.fill(0);
    shard.watched.fill(0);
  }
  shard.versionSource = dictionary;
  shard.versionOf[slot] = versionId;
  const version = shard.hash(dictionary.text(versionId));
  if (version !== shard.words[page + P.version]) versionSeen(shard, slot, page, version, timeMs, nowMs);
  const record = shard.observed[slot]! - 1;
  if (record >= 0 && shard.observations.words[record * RECORD + O.version] === version) shard.watched[slot] = versionId;
}

function addDuration(
  shard: Shard,
  at: number,
  page: number,
  durationUs: number,
  other: boolean,
  block: FragmentBlock,
  i: number,
  slot: number,
): void {
  const { values } = shard.cells;
  values[at + C.durationUs] = values[at + C.durationUs]! + durationUs;
  if (durationUs > values[at + C.durationMaxUs]!) values[at + C.durationMaxUs] = durationUs;
  const limitUs = shard.pages[page + P.timeoutUs]!;
  if (limitUs > 0 && durationUs > NEAR_LIMIT * limitUs) values[at + C.near] = values[at + C.near]! + 1;
  const log = log2(durationUs);
  if (shard.options.records) {
    values[at + C.histogram] = shard.histograms.add(values[at + C.histogram]!, Math.floor(log * 8), 1);
  }
  if (other) return;
  values[at + C.dn] = values[at + C.dn]! + 1;
  values[at + C.ds] = values[at + C.ds]! + log;
  values[at + C.dss] = values[at + C.dss]! + log * log;
  const bar = shard.pages[page + P.slowBar]!;
  if (log > bar) values[at + C.tail] = values[at + C.tail]! + 1;
  if (log > bar - WORTH_NAMING) shard.evidence.add(slot, 'slow', requestIdOf(block, i), block.f[i * F.stride]!);
}

function durationIsSlow(shard: Shard, page: number, durationUs: number, cold: boolean): boolean {
  return !cold && durationUs > 0 && log2(durationUs) > shard.pages[page + P.slowBar]!;
}

function link(shard: Shard, block: FragmentBlock, u: number, slot: number, timeMs: number): void {
  const key = idKey(block, u, shard.salts[slot]!);
  const started = shard.starts.get(key);
  if (started !== undefined) {
    shard.starts.delete(key);
    if (block.u[u + U.version] === 0 && started.version !== '')
      block.u[u + U.version] = block.dictionary.id(started.version);
  } else if ((block.u[u]! & Flag.fusedStart) === 0) shard.loneReports.add(timeMs, key / 4294967296, key);
}

function start(shard: Shard, block: FragmentBlock, i: number, slot: number, timeMs: number): void {
  const u = i * U.stride;
  if (!once(shard, block, u, slot, timeMs)) return;
  const key = idKey(block, u, shard.salts[slot]!);
  const version = block.dictionary.text(block.u[u + U.version]!);
  if (shard.loneReports.hasNear(timeMs, key / 4294967296, key)) {
    const record = shard.pending.get(key);
    if (record !== undefined && version !== '') record.version ??= version;
  } else holdStart(shard, key, { timeMs, version });
}

function failure(shard: Shard, block: FragmentBlock, i: number, slot: number, timeMs: number, nowMs: number): void {
  const u = i * U.stride;
  if (!once(shard, block, u, slot, timeMs)) return;
  field(shard, slot, FIELD.failureLine);
  const at = cellAt(shard, slot, timeMs);
  const limitUs = block.f[i * F.stride + F.a]!;
  if (limitUs > 0) limitSeen(shard, slot, limitUs, timeMs, nowMs);
  noteFailure(shard, block, i, slot);
  countFailure(shard, block, i, slot, at, timeMs);
  early(shard, slot, at, nowMs);
}
