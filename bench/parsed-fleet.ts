import { gunzipSync } from 'node:zlib';
import { createPipeline } from '../app/build.ts';
import type { Pipeline, PipelineOptions } from '../app/pipeline.ts';
import { pricesOf } from '../app/prices.ts';
import { orderArrivals } from '../app/replay-order.ts';
import { type Reading, readSources, type Source } from '../app/replay-read.ts';
import { DEFAULT_SETTINGS } from '../detectors/settings.ts';
import { createParser } from '../ingest/parser.ts';
import { type Fleet, type FleetOptions, generateFleet } from '../scenarios/fleet.ts';
import type { ScoredAlert, Truth } from '../scenarios/score.ts';
import { truthOf } from './fleet-truth.ts';

const CHUNK_CHARACTERS = 1 << 20;
const PRICES = pricesOf({ architecture: 'x86_64', region: 'us-east-1', overrides: {}, functions: [] });

/** An alert with what an ablation ranks it by: null = a fact without a score, such as a secret in a log. */
export interface RankedAlert extends ScoredAlert {
  readonly score: number | null;
}

/** A fleet whose lines were parsed once: what every variant of the detection is fed. Some 120 MB a million invocations. */
export interface ParsedFleet {
  readonly fleet: Fleet;
  readonly truth: Truth;
  /** Feeds a fresh pipeline from the first fragment to the end. About 1 s a million invocations. */
  run(options?: Partial<PipelineOptions>, prepare?: (pipeline: Pipeline) => void): readonly RankedAlert[];
}

export async function parseFleet(options: FleetOptions): Promise<ParsedFleet> {
  const fleet = generateFleet(options);
  const source: Source = { name: `fleet ${options.seed}`, sizeBytes: null, open: () => chunks(fleet.lines()) };
  const reading = await readSources([source], {
    newParser: (name, out, reject) => createParser({ origin: name, gunzip: (bytes) => gunzipSync(bytes) }, out, reject),
    reject: () => undefined,
    openPageFile: () => {
      throw new Error('a parsed fleet stays in memory');
    },
    memoryPages: Number.POSITIVE_INFINITY,
    isStopped: () => false,
    onProgress: () => undefined,
  });
  return { fleet, truth: truthOf(fleet), run: (variant = {}, prepare) => run(reading, variant, prepare) };
}

function run(
  reading: Reading,
  variant: Partial<PipelineOptions>,
  prepare: (pipeline: Pipeline) => void = () => undefined,
): RankedAlert[] {
  const pipeline = createPipeline({
    settings: DEFAULT_SETTINGS,
    configHash: 'ablation',
    pricesOf: PRICES,
    invocations: 'none',
    records: false,
    ...variant,
  });
  prepare(pipeline);
  const ordered = orderArrivals(reading, pipeline.watermarkMs, DEFAULT_SETTINGS.gradeDelayMs, () => {
    throw new Error('a parsed fleet stays in memory');
  });
  const alerts: RankedAlert[] = [];
  const drain = () => {
    for (const event of pipeline.drain().events) {
      const { observed, score, alert_id, at, signal, severity, text } = event;
      const functions = event.functions === undefined ? {} : { functions: event.functions };
      const ranked = { alert_id, at, signal, severity, text, function: event.function, ...functions };
      alerts.push({ ...ranked, event: event.event, score: observed === null ? null : score });
    }
  };
  while (ordered.blocks.next()) {
    pipeline.step(ordered.blocks.block);
    drain();
  }
  pipeline.finish();
  drain();
  ordered.close();
  return alerts;
}

/** Lines as the bytes of a file. */
async function* chunks(lines: Iterable<string>): AsyncGenerator<Uint8Array, void> {
  let text = '';
  for (const line of lines) {
    text += `${line}\n`;
    if (text.length < CHUNK_CHARACTERS) continue;
    yield Buffer.from(text);
    text = '';
  }
  if (text !== '') yield Buffer.from(text);
}
