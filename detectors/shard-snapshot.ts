import { C, CELL_STRIDE } from './cells.ts';
import { PAGE } from './page.ts';
import type { Shard } from './shard.ts';
import { BLOCK, PRIORS_OF_STATE, type ShardJson, seenOf, shardPages, slotsOf, VERSION } from './shard-pages.ts';
import { O, RECORD } from './versions/observation.ts';

/** State that this program cannot go on from, though it is whole. */
export class StateError extends Error {
  override readonly name = 'StateError';
}

const PRIORS_BEFORE = 'v1 92b2f5b7b80c6b02ef999a6b5eef9c82c082916681c527e127a34b3852199948';
/** Oldest layout that is still read. */
const OLDEST = 2;

type Pages = ReadonlyMap<string, Uint8Array>;

/** As `shardPages`, all at once and each in memory of its own: the shard may go on. */
export function snapshotShard(shard: Shard): Map<string, Uint8Array> {
  const out = new Map<string, Uint8Array>();
  for (const [name, bytes] of shardPages(shard)) out.set(name, bytes.slice());
  return out;
}

function doublesOf(bytes: Uint8Array | undefined): Float64Array {
  return bytes === undefined ? new Float64Array(0) : new Float64Array(bytes.slice().buffer);
}

/** `v1 92b2f5b7`: enough of the digest to tell two apart. */
const shown = (priors: string) => priors.slice(0, priors.indexOf(' ') + 9);

/** @throws {StateError} on an unknown version, a page layout of another size, or other pooled priors */
export function restoreShard(shard: Shard, pages: Pages): void {
  const prefix = `shard/${shard.number}/`;
  const bytes = pages.get(`${prefix}json`);
  if (bytes === undefined) return;
  const json = JSON.parse(new TextDecoder().decode(bytes)) as ShardJson;
  refuseUnknown(json);
  if (json.keys.length > shard.keys.length) shard.grow(json.keys.length); // at once: growing step by step copies all 17 times
  shard.free = [...(json.free ?? [])];
  const free = new Set(shard.free);
  for (const [slot, key] of json.keys.entries()) {
    if (free.has(slot)) shard.keys[slot] = '';
    else shard.place(slot, key);
  }
  shard.awake = [...json.awake];
  for (const slot of shard.awake) shard.isAwake[slot] = 1;
  if (json.v === 2) restoreVersion2(shard, pages, prefix);
  else restorePages(shard, pages, prefix, json);
  restoreJson(shard, json);
  restoreCells(shard, doublesOf(pages.get(`${prefix}cells`)), json.histograms);
  const tails = pages.get(`${prefix}learned`);
  if (json.model !== undefined && tails !== undefined) {
    shard.learnedState = { digest: json.model, tails: new Float32Array(tails.slice().buffer) };
  }
  restoreObservations(shard, pages.get(`${prefix}observed`), doublesOf(pages.get(`${prefix}newer`)));
}

function refuseUnknown(json: ShardJson): void {
  if (!(json.v >= OLDEST && json.v <= VERSION) || json.page !== PAGE) {
    throw new StateError(
      `this state was written by another version (${json.v}, page ${json.page}; want ${VERSION}, ${PAGE}): replay the past without --continue`,
    );
  }
  const priors = json.priors ?? PRIORS_BEFORE;
  if (priors !== PRIORS_OF_STATE) {
    throw new StateError(
      `this state was learnt with other pooled priors (${shown(priors)}, now ${shown(PRIORS_OF_STATE)}): one run is judged by one set, replay the past without --continue`,
    );
  }
}

function restoreJson(shard: Shard, json: ShardJson): void {
  shard.graded = json.graded ?? Number.NaN;
  const [calls = 0, duplicates = 0, late = 0, tooLate = 0, partial = 0] = json.totals;
  Object.assign(shard, { calls, duplicates, late, tooLate, partial });
  for (const [key, value] of json.failures) shard.failures.set(key, value);
  for (const [key, value] of json.starts) shard.starts.set(key, value);
  for (const [key, value] of json.pending) shard.pending.set(key, value);
  restoreBounds(shard, json);
  shard.evidence.restore(json.evidence);
  for (const [key, value] of json.texts) shard.texts.set(key, value);
  for (const [key, value] of json.droppedAt) shard.droppedAt.set(key, value);
  for (const [slot, name] of json.logGroups ?? []) shard.logGroups.set(slot, name);
  shard.verdicts = [...(json.verdicts ?? [])];
  shard.invocations = [...(json.invocations ?? [])];
  shard.minutes = [...(json.minutes ?? [])];
}

function restoreBounds(shard: Shard, json: ShardJson): void {
  Object.assign(shard.dropped, json.dropped ?? {});
  for (const [name, seen] of Object.entries(seenOf(shard))) seen.forgotten = json.forgotten?.[name] ?? 0;
  for (const slot of json.oldSalts ?? json.keys.keys()) shard.salts[slot] = slot;
  shard.textsAtMost = json.textsAtMost ?? shard.textsAtMost;
  shard.spokenHour = json.spoken?.hour ?? -1;
  for (const [what, count] of json.spoken?.counts ?? []) shard.spoken.set(what, count);
}

/** All functions in one page, events as triples of doubles. */
function restoreVersion2(shard: Shard, pages: Pages, prefix: string): void {
  const stored = pages.get(`${prefix}pages`);
  if (stored !== undefined) shard.words.set(new Uint32Array(stored.slice().buffer));
  for (const [name, seen] of Object.entries(seenOf(shard))) seen.restore(doublesOf(pages.get(prefix + name)));
}

function restorePages(shard: Shard, pages: Pages, prefix: string, json: ShardJson): void {
  const { length } = shard.keys;
  scatter(shard, slotsOf(shard, 0, length, 1), pages.get(`${prefix}awake`));
  for (let from = 0; from < length; from += BLOCK) {
    const slots = slotsOf(shard, from, Math.min(from + BLOCK, length), 0);
    scatter(shard, slots, pages.get(`${prefix}asleep/${from / BLOCK}`));
  }
  for (const [name, seen] of Object.entries(seenOf(shard))) {
    for (const number of json.generations?.[name] ?? []) {
      const words = pages.get(`${prefix}${name}/${number}`);
      if (words !== undefined) seen.restorePage(number, new Int32Array(words.slice().buffer));
    }
  }
}

function scatter(shard: Shard, slots: readonly number[], bytes: Uint8Array | undefined): void {
  if (bytes === undefined) return;
  const words = new Uint32Array(bytes.slice().buffer);
  for (const [i, slot] of slots.entries()) shard.words.set(words.subarray(i * PAGE, (i + 1) * PAGE), slot * PAGE);
}

function restoreObservations(shard: Shard, bytes: Uint8Array | undefined, cells: Float64Array): void {
  if (bytes === undefined) return;
  const { observations } = shard;
  const words = new Uint32Array(bytes.slice().buffer);
  for (let from = 0; from < words.length; from += RECORD) {
    const record = observations.restore(words.subarray(from, from + RECORD));
    shard.observed[observations.values[record * RECORD + O.slot]!] = record + 1;
  }
  for (let from = 0; from < cells.length; from += CELL_STRIDE) {
    const slot = cells[from + C.slot]!;
    const record = shard.observed[slot]! - 1;
    const at = observations.cells.add(slot, cells[from + C.minute]!, observations.cellOf[record]!);
    observations.cellOf[record] = at;
    for (let field = C.n; field < C.histogram; field++) observations.cells.values[at + field] = cells[from + field]!;
  }
}

function restoreCells(shard: Shard, cells: Float64Array, histograms: ShardJson['histograms']): void {
  for (let i = 0; i * CELL_STRIDE < cells.length; i++) {
    const from = i * CELL_STRIDE;
    const slot = cells[from + C.slot]!;
    const at = shard.cells.add(slot, cells[from + C.minute]!, shard.cellOf[slot]!);
    shard.cellOf[slot] = at;
    const { values } = shard.cells;
    for (let field = 0; field < CELL_STRIDE; field++) {
      if (field !== C.nextOfSlot && field !== C.nextOfMinute) values[at + field] = cells[from + field]!;
    }
    let first = 0;
    for (const [bucket, count] of histograms[i] ?? []) first = shard.histograms.add(first, bucket, count);
    values[at + C.histogram] = first;
  }
}
