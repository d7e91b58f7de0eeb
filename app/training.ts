import { tmpdir } from 'node:os';
import { Engine } from '../detectors/engine.ts';
import { EPOCH_MINUTE } from '../detectors/page.ts';
import { refeed } from '../detectors/refeed.ts';
import { FEATURES } from '../detectors/residuals.ts';
import { ROW, RowCollector, type TrainingRows } from '../detectors/training-rows.ts';
import { openPageFile } from '../infra/spool.ts';
import type { StoreReader } from '../infra/store.ts';
import { storedMinutes, trainingMinutes } from '../infra/training-minutes.ts';
import { FRAGMENT_BYTES } from '../ingest/fragment-log.ts';
import type { InputProblem } from '../ingest/sources/inputs.ts';
import type { Rows } from '../models/learned/train.ts';
import type { Config } from './config.ts';
import { InputError, InterruptedError } from './io.ts';
import { pricesOf } from './prices.ts';
import type { ReplayParts } from './replay.ts';
import { orderArrivals } from './replay-order.ts';
import { pagesIn, readSources, type Source } from './replay-read.ts';
import { runBlocks } from './run.ts';

const MINUTE_MS = 60_000;
const MEMORY_BYTES = 512 * 1024 * 1024;
/** Rows below which nothing worth having is learnt, and below which nothing is known of what was. */
const LEAST_ROWS = 1000;
const LEAST_HELD_OUT = 100;

export interface Collecting {
  readonly config: Config;
  readonly mostRows: number;
  readonly isStopped: () => boolean;
  readonly onProgress: (what: string, done: number, of: number) => void;
  readonly onProblem: (problem: InputProblem) => Promise<void>;
}

/** The rows of a training, told apart: by function, never by minute. */
export interface Collected {
  readonly trained: Rows;
  readonly heldOut: Rows;
  readonly found: TrainingRows;
  readonly fromMs: number;
  readonly toMs: number;
}

/** Runs log files through the path of a replay and collects the vectors of calm windows. @throws {InputError} */
export async function collectFromSources(
  sources: readonly Source[],
  parts: ReplayParts,
  { config, mostRows, isStopped, onProgress, onProblem }: Collecting,
): Promise<Collected> {
  const total = sources.reduce((sum, { sizeBytes }) => sum + (sizeBytes ?? 0), 0);
  const openFile = () => openPageFile(tmpdir());
  const reading = await readSources(sources, {
    newParser: parts.newParser,
    reject: () => undefined,
    openPageFile: openFile,
    memoryPages: pagesIn(MEMORY_BYTES, FRAGMENT_BYTES),
    isStopped,
    onProgress: (bytes) => onProgress('reading', bytes, total),
  });
  for (const problem of reading.problems) await onProblem(problem);
  const collector = new RowCollector(mostRows);
  const { settings, configHash } = config;
  const pipeline = parts.newPipeline({ settings, configHash, invocations: 'none', records: false });
  pipeline.collect(collector);
  const ordered = orderArrivals(reading, pipeline.watermarkMs, settings.gradeDelayMs, openFile);
  try {
    const isDone = await runBlocks(ordered.blocks, pipeline, {
      deliver: async () => undefined,
      isStopped,
      onProgress: (count) => onProgress('looking', count, ordered.plan.fragments + ordered.plan.tickMs.length),
    });
    if (!isDone) throw new InterruptedError('interrupted before the training began');
  } finally {
    ordered.close();
    reading.log.close();
  }
  return split(collector.take());
}

/** Feeds the stored windows of a store's current run through the detectors and collects. @throws {InputError} */
export async function collectFromStore(
  reader: StoreReader,
  { config, mostRows, isStopped, onProgress }: Collecting,
): Promise<Collected> {
  const total = await storedMinutes(reader);
  const { settings, prices } = config;
  const engine = new Engine({ settings, pricesOf: pricesOf(prices), invocations: 'none', records: false }, () => {});
  const collector = new RowCollector(mostRows);
  for (const shard of engine.shards) shard.rowSink = collector.see;
  let minuteMs = Number.NaN;
  let done = 0;
  for await (const row of trainingMinutes(reader)) {
    if (row.minuteMs !== minuteMs) {
      // everything of the minutes before is here: they are due
      if (!Number.isNaN(minuteMs)) engine.tick(minuteMs + MINUTE_MS + settings.gradeDelayMs);
      minuteMs = row.minuteMs;
    }
    refeed(engine, row);
    done++;
    if (done % 10_000 === 0) onProgress('looking', done, total);
    if (isStopped()) throw new InterruptedError('interrupted before the training began');
  }
  engine.finish();
  return split(collector.take());
}

/** @throws {InputError} when it is too little to learn from, or to know what was learnt */
function split(found: TrainingRows): Collected {
  const trained = take(found, 0);
  const heldOut = take(found, 1);
  if (trained.count < LEAST_ROWS || heldOut.count < LEAST_HELD_OUT) {
    const what = `${trained.count} calm windows of ${found.functions - found.heldOutFunctions} functions to learn from and ${heldOut.count} of ${found.heldOutFunctions} others to check with`;
    const rule = `at least ${LEAST_ROWS} and ${LEAST_HELD_OUT} are needed; the first day of each function and its incidents (${found.masked} windows) do not count`;
    throw new InputError(`too little to learn from: ${what}; ${rule}`);
  }
  const ms = (minute: number) => (minute + EPOCH_MINUTE) * MINUTE_MS;
  return { trained, heldOut, found, fromMs: ms(found.from), toMs: ms(found.to) };
}

/** Rows whose last number is `heldOut`. */
function take({ rows, count }: TrainingRows, heldOut: 0 | 1): Rows {
  const features = FEATURES.length;
  const wanted: number[] = [];
  for (let row = 0; row < count; row++) if (rows[row * ROW + features + 1] === heldOut) wanted.push(row);
  const vectors = new Float32Array(wanted.length * features);
  const known = new Uint32Array(wanted.length);
  for (const [i, row] of wanted.entries()) {
    vectors.set(rows.subarray(row * ROW, row * ROW + features), i * features);
    known[i] = rows[row * ROW + features]!;
  }
  return { vectors, known, count: wanted.length };
}
