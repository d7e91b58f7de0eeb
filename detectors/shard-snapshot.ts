import { PRIORS, PRIORS_DIGEST } from '../models/priors/priors.ts';
import { C, CELL_STRIDE, type Cells } from './cells.ts';
import { PAGE } from './page.ts';
import type { PendingInvocation, PendingStart, Shard } from './shard.ts';
import { O, RECORD } from './versions/observation.ts';

/** Version of the layout of a shard's pages and of this file's JSON. */
const VERSION = 2;

interface ShardJson {
  readonly v: number;
  readonly page: number;
  /** version and digest of the pooled priors: absent in states of before the artifact, whose constants were those of v1 */
  readonly priors?: string;
  readonly keys: readonly string[];
  readonly awake: readonly number[];
  readonly graded: number | null;
  readonly totals: readonly number[];
  readonly failures: readonly [number, number][];
  readonly starts: readonly [number, PendingStart][];
  readonly pending: readonly [number, PendingInvocation][];
  readonly evidence: ReturnType<Shard['evidence']['entries']>;
  readonly texts: readonly [number, string][];
  readonly droppedAt: readonly [number, number][];
  readonly histograms: readonly [number, number][][];
  /** said since the last tick: absent in states of before */
  readonly verdicts?: Shard['verdicts'];
  readonly invocations?: Shard['invocations'];
  /** digest of the learned model that was loaded */
  readonly model?: string;
}

/** State that this program cannot go on from, though it is whole. */
export class StateError extends Error {
  override readonly name = 'StateError';
}

/** The pooled priors that what is kept was judged and learnt by. */
const PRIORS_OF_STATE = `${PRIORS.version} ${PRIORS_DIGEST}`;
const PRIORS_BEFORE = 'v1 92b2f5b7b80c6b02ef999a6b5eef9c82c082916681c527e127a34b3852199948';

/** The state of a shard as named binary pages: equal states give equal bytes. Nothing when the shard is empty. */
export function snapshotShard(shard: Shard): Map<string, Uint8Array> {
  const out = new Map<string, Uint8Array>();
  const { number } = shard;
  if (shard.keys.length === 0) return out;
  const live = shard.cells.live();
  const cells = cellsOf(shard.cells, live);
  const learned = shard.learned?.state(shard.keys.length) ?? shard.learnedState;
  const json: ShardJson = {
    v: VERSION,
    page: PAGE,
    priors: PRIORS_OF_STATE,
    keys: shard.keys,
    awake: shard.awake,
    graded: Number.isNaN(shard.graded) ? null : shard.graded,
    totals: [shard.calls, shard.duplicates, shard.late, shard.tooLate, shard.partial],
    failures: [...shard.failures],
    starts: [...shard.starts],
    pending: [...shard.pending],
    evidence: shard.evidence.entries(),
    texts: [...shard.texts],
    droppedAt: [...shard.droppedAt],
    histograms: live.map((at) => shard.histograms.peek(shard.cells.values[at + C.histogram]!)),
    verdicts: shard.verdicts,
    invocations: shard.invocations,
    ...(learned === null ? {} : { model: learned.digest }),
  };
  out.set(`shard/${number}/json`, new TextEncoder().encode(JSON.stringify(json)));
  out.set(`shard/${number}/pages`, bytesOf(shard.pages.subarray(0, shard.keys.length * PAGE)));
  out.set(`shard/${number}/cells`, bytesOf(cells));
  out.set(`shard/${number}/reports`, bytesOf(shard.reports.snapshot()));
  out.set(`shard/${number}/lines`, bytesOf(shard.lines.snapshot()));
  out.set(`shard/${number}/lone`, bytesOf(shard.loneReports.snapshot()));
  out.set(`shard/${number}/released`, bytesOf(shard.released.snapshot()));
  snapshotObservations(shard, out);
  if (learned !== null) out.set(`shard/${number}/learned`, bytesOf(learned.tails));
  return out;
}

/** Versions under observation, and what they did in open windows. */
function snapshotObservations(shard: Shard, out: Map<string, Uint8Array>): void {
  const { observations, number } = shard;
  const live = observations.live();
  if (live.length === 0) return;
  const records = new Float32Array(live.length * RECORD);
  for (const [i, values] of live.entries()) records.set(values, i * RECORD);
  const open = observations.cells.live().filter((at) => observations.cells.values[at + C.slot]! >= 0);
  out.set(`shard/${number}/observed`, bytesOf(records));
  out.set(`shard/${number}/newer`, bytesOf(cellsOf(observations.cells, open)));
}

/** Open cells up to the histogram: what follows are addresses, which are made anew. */
function cellsOf(pool: Cells, live: readonly number[]): Float64Array {
  const cells = new Float64Array(live.length * CELL_STRIDE);
  for (const [i, at] of live.entries()) {
    cells.set(pool.values.subarray(at, at + C.histogram), i * CELL_STRIDE);
    cells[i * CELL_STRIDE + C.nextOfSlot] = 0;
  }
  return cells;
}

function bytesOf(array: Float32Array | Float64Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength).slice();
}

function doublesOf(bytes: Uint8Array | undefined): Float64Array {
  return bytes === undefined ? new Float64Array(0) : new Float64Array(bytes.slice().buffer);
}

/** `v1 92b2f5b7`: enough of the digest to tell two apart. */
const shown = (priors: string) => priors.slice(0, priors.indexOf(' ') + 9);

/** @throws {StateError} on an unknown version, a page layout of another size, or other pooled priors */
export function restoreShard(shard: Shard, pages: ReadonlyMap<string, Uint8Array>): void {
  const prefix = `shard/${shard.number}/`;
  const bytes = pages.get(`${prefix}json`);
  if (bytes === undefined) return;
  const json = JSON.parse(new TextDecoder().decode(bytes)) as ShardJson;
  if (json.v !== VERSION || json.page !== PAGE)
    throw new StateError(
      `this state was written by another version (${json.v}, page ${json.page}; want ${VERSION}, ${PAGE}): replay the past without --continue`,
    );
  const priors = json.priors ?? PRIORS_BEFORE;
  if (priors !== PRIORS_OF_STATE)
    throw new StateError(
      `this state was learnt with other pooled priors (${shown(priors)}, now ${shown(PRIORS_OF_STATE)}): one run is judged by one set, replay the past without --continue`,
    );
  for (const key of json.keys) shard.slotOf(key);
  const stored = pages.get(`${prefix}pages`);
  if (stored !== undefined) shard.pages.set(new Float32Array(stored.slice().buffer));
  shard.awake = [...json.awake];
  for (const slot of shard.awake) shard.isAwake[slot] = 1;
  shard.graded = json.graded ?? Number.NaN;
  [shard.calls, shard.duplicates, shard.late, shard.tooLate, shard.partial] = json.totals as [
    number,
    number,
    number,
    number,
    number,
  ];
  for (const [key, value] of json.failures) shard.failures.set(key, value);
  for (const [key, value] of json.starts) shard.starts.set(key, value);
  for (const [key, value] of json.pending) shard.pending.set(key, value);
  shard.evidence.restore(json.evidence);
  for (const [key, value] of json.texts) shard.texts.set(key, value);
  for (const [key, value] of json.droppedAt) shard.droppedAt.set(key, value);
  shard.verdicts = [...(json.verdicts ?? [])];
  shard.invocations = [...(json.invocations ?? [])];
  shard.reports.restore(doublesOf(pages.get(`${prefix}reports`)));
  shard.lines.restore(doublesOf(pages.get(`${prefix}lines`)));
  shard.loneReports.restore(doublesOf(pages.get(`${prefix}lone`)));
  shard.released.restore(doublesOf(pages.get(`${prefix}released`)));
  restoreCells(shard, doublesOf(pages.get(`${prefix}cells`)), json.histograms);
  const tails = pages.get(`${prefix}learned`);
  if (json.model !== undefined && tails !== undefined) {
    shard.learnedState = { digest: json.model, tails: new Float32Array(tails.slice().buffer) };
  }
  restoreObservations(shard, pages.get(`${prefix}observed`), doublesOf(pages.get(`${prefix}newer`)));
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
