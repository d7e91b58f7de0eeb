import { PRIORS, PRIORS_DIGEST } from '../models/priors/priors.ts';
import { C, CELL_STRIDE, type Cells } from './cells.ts';
import { hashText } from './keys.ts';
import { PAGE } from './page.ts';
import type { SeenEvents } from './seen.ts';
import type { PendingInvocation, PendingStart, Shard } from './shard.ts';
import { RECORD } from './versions/observation.ts';

/**
 * Version of the layout of a shard's pages and of `ShardJson`.
 *
 * 2: `pages` holds the pages of all functions, `reports`, `lines`, `lone` and `released` triples of doubles.
 * 3: `awake` holds those that are graded every minute, which change every minute; `asleep/K` those of 64 slots that sleep, which
 * hardly ever change, so that a delta leaves them out; `reports/G` and its like hold one generation each, as it is in memory.
 */
export const VERSION = 3;
/** Slots whose sleeping functions share a page of the snapshot. */
export const BLOCK = 64;

export interface ShardJson {
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
  /** absent where nobody has one, and before they were known */
  readonly logGroups?: readonly [number, string][];
  readonly histograms: readonly [number, number][][];
  /** numbers of the generations of each set of remembered events; since version 3 */
  readonly generations?: Readonly<Record<string, readonly number[]>>;
  /** said since the last tick: absent in states of before */
  readonly verdicts?: Shard['verdicts'];
  readonly invocations?: Shard['invocations'];
  readonly minutes?: Shard['minutes'];
  /** what bounds have cost, and what was forgotten of each set of events; absent before there were bounds */
  readonly dropped?: Shard['dropped'];
  readonly forgotten?: Readonly<Record<string, number>>;
  readonly free?: readonly number[];
  /** slots of functions whose request ids are mixed with the slot, as they all were before functions could be forgotten */
  readonly oldSalts?: readonly number[];
  readonly textsAtMost?: number;
  readonly spoken?: { readonly hour: number; readonly counts: readonly [string, number][] };
  /** digest of the learned model that was loaded */
  readonly model?: string;
}

/** The pooled priors that what is kept was judged and learnt by. */
export const PRIORS_OF_STATE = `${PRIORS.version} ${PRIORS_DIGEST}`;

/** Sets of remembered events, by the name of their pages. */
export const seenOf = (shard: Shard): Readonly<Record<string, SeenEvents>> => ({
  reports: shard.reports,
  lines: shard.lines,
  lone: shard.loneReports,
  released: shard.released,
});

/** Memory that pages are put together in, one after the other. */
export interface Scratch {
  floats: Float32Array;
}

type NamedPage = readonly [name: string, bytes: Uint8Array];

/**
 * The state of a shard as named binary pages, made one at a time: equal states give equal bytes. The bytes of one are good
 * until the next is asked for, and the shard must stand still until the last. Nothing when the shard is empty.
 */
export function* shardPages(shard: Shard, scratch: Scratch = { floats: new Float32Array(0) }): Generator<NamedPage> {
  if (shard.keys.length === 0) return;
  const prefix = `shard/${shard.number}`;
  const live = shard.cells.live();
  const learned = shard.learned?.state(shard.keys.length) ?? shard.learnedState;
  yield [`${prefix}/json`, new TextEncoder().encode(JSON.stringify(jsonOf(shard, live, learned?.digest)))];
  yield* functionPages(shard, prefix, scratch);
  yield [`${prefix}/cells`, bytesOf(cellsOf(shard.cells, live))];
  for (const [name, seen] of Object.entries(seenOf(shard))) {
    for (const [number, words] of seen.pages()) yield [`${prefix}/${name}/${number}`, bytesOf(words)];
  }
  yield* observationPages(shard, prefix);
  if (learned !== null) yield [`${prefix}/learned`, bytesOf(learned.tails)];
}

function jsonOf(shard: Shard, live: readonly number[], model: string | undefined): ShardJson {
  return {
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
    ...(shard.logGroups.size === 0 ? {} : { logGroups: [...shard.logGroups] }),
    histograms: live.map((at) => shard.histograms.peek(shard.cells.values[at + C.histogram]!)),
    generations: Object.fromEntries(
      Object.entries(seenOf(shard)).map(([name, seen]) => [name, [...seen.pages()].map(([number]) => number)]),
    ),
    dropped: shard.dropped,
    forgotten: Object.fromEntries(Object.entries(seenOf(shard)).map(([name, { forgotten }]) => [name, forgotten])),
    free: shard.free,
    oldSalts: [...shard.slots].filter(([key, slot]) => isOldSalt(shard, key, slot)).map(([, slot]) => slot),
    textsAtMost: shard.textsAtMost,
    spoken: { hour: shard.spokenHour, counts: [...shard.spoken] },
    verdicts: shard.verdicts,
    invocations: shard.invocations,
    minutes: shard.minutes,
    ...(model === undefined ? {} : { model }),
  };
}

const isOldSalt = (shard: Shard, key: string, slot: number): boolean =>
  shard.salts[slot] === slot && (hashText(key) | 0) !== slot;

function* functionPages(shard: Shard, prefix: string, scratch: Scratch): Generator<NamedPage> {
  const { length } = shard.keys;
  yield [`${prefix}/awake`, gather(shard, slotsOf(shard, 0, length, 1), scratch)];
  for (let from = 0; from < length; from += BLOCK) {
    const slots = slotsOf(shard, from, Math.min(from + BLOCK, length), 0);
    if (slots.length > 0) yield [`${prefix}/asleep/${from / BLOCK}`, gather(shard, slots, scratch)];
  }
}

/** Slots from `from` to `to`, ascending, of functions that are awake (1) or asleep (0). */
export function slotsOf(shard: Shard, from: number, to: number, isAwake: 0 | 1): number[] {
  const slots: number[] = [];
  for (let slot = from; slot < to; slot++) if (shard.isAwake[slot] === isAwake) slots.push(slot);
  return slots;
}

/** The pages of functions, back to back: where they lie so already, no copy is made. */
function gather(shard: Shard, slots: readonly number[], scratch: Scratch): Uint8Array {
  const first = slots[0] ?? 0;
  const length = slots.length * PAGE;
  if (slots.length === 0 || slots[slots.length - 1] === first + slots.length - 1) {
    return bytesOf(shard.pages.subarray(first * PAGE, first * PAGE + length));
  }
  if (scratch.floats.length < length) scratch.floats = new Float32Array(length);
  // as whole words: a NaN that is copied as a number may come out as another NaN
  const target = new Uint32Array(scratch.floats.buffer);
  for (const [i, slot] of slots.entries()) {
    target.set(shard.words.subarray(slot * PAGE, (slot + 1) * PAGE), i * PAGE);
  }
  return bytesOf(scratch.floats.subarray(0, length));
}

/** Versions under observation, and what they did in open windows. */
function* observationPages(shard: Shard, prefix: string): Generator<NamedPage> {
  const { observations } = shard;
  const live = observations.live();
  if (live.length === 0) return;
  const records = new Float32Array(live.length * RECORD);
  for (const [i, values] of live.entries()) records.set(values, i * RECORD);
  const open = observations.cells.live().filter((at) => observations.cells.values[at + C.slot]! >= 0);
  yield [`${prefix}/observed`, bytesOf(records)];
  yield [`${prefix}/newer`, bytesOf(cellsOf(observations.cells, open))];
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

function bytesOf(array: Float32Array | Float64Array | Int32Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}
