import type { AlertEvent } from '../alerts/event.ts';
import { createPipeline } from '../app/build.ts';
import type { Pipeline, PipelineOptions, PipelineOutput, PipelineTotals } from '../app/pipeline.ts';
import { DEFAULT_SETTINGS } from '../detectors/settings.ts';
import { type Dictionary, FragmentBlock } from '../ingest/fragment.ts';
import { copyRows } from '../ingest/fragment-log.ts';
import { DEFAULT_PRICES } from '../ingest/pricing.ts';

/** The real pipeline with everything on, as tests want it. */
export function testPipeline(options: Partial<PipelineOptions> = {}): Pipeline {
  return createPipeline({
    settings: DEFAULT_SETTINGS,
    pricesOf: () => DEFAULT_PRICES,
    configHash: 'test',
    invocations: 'all',
    records: true,
    ...options,
  });
}

export interface Played extends PipelineOutput {
  readonly totals: PipelineTotals;
}

/** Blocks in, everything that comes out; the blocks are copied, as the shard may note a version in them. */
export function playBlocks(blocks: readonly FragmentBlock[], options: Partial<PipelineOptions> = {}): Played {
  const pipeline = testPipeline(options);
  for (const block of blocks) pipeline.step(copyOf(block));
  pipeline.finish();
  return { ...pipeline.drain(), totals: pipeline.totals() };
}

/** As `playBlocks`, but taken down to its snapshot and restored behind each of the blocks in `cuts`. */
export function playRestored(
  blocks: readonly FragmentBlock[],
  cuts: ReadonlySet<number>,
  options: Partial<PipelineOptions> = {},
): Played {
  let pipeline = testPipeline(options);
  const parts: PipelineOutput[] = [];
  for (const [i, block] of blocks.entries()) {
    pipeline.step(copyOf(block));
    if (!cuts.has(i)) continue;
    parts.push(pipeline.drain());
    pipeline = testPipeline({ ...options, restored: pipeline.snapshot() });
  }
  pipeline.finish();
  parts.push(pipeline.drain());
  return {
    events: parts.flatMap(({ events }) => events),
    minutes: parts.flatMap(({ minutes }) => minutes),
    invocations: parts.flatMap(({ invocations }) => invocations),
    scores: parts.flatMap(({ scores }) => scores),
    totals: pipeline.totals(),
  };
}

/** One fragment of a block, wherever it is going to stand. */
export interface Row {
  readonly block: FragmentBlock;
  readonly row: number;
}

export function rowsOf(blocks: readonly FragmentBlock[]): Row[] {
  return blocks.flatMap((block) => Array.from({ length: block.n }, (_, row) => ({ block, row })));
}

/** Rows (of one dictionary) as blocks of at most `size` rows. */
export function blocksOf(rows: readonly Row[], size = 4096): FragmentBlock[] {
  const out: FragmentBlock[] = [];
  for (let from = 0; from < rows.length; from += size) {
    const part = rows.slice(from, from + size);
    out.push(joined(part, part[0]!.block.dictionary));
  }
  return out;
}

function joined(rows: readonly Row[], dictionary: Dictionary): FragmentBlock {
  const block = new FragmentBlock(dictionary, Math.max(1, rows.length));
  for (const { block: from, row } of rows) copyRows(from, row, 1, block, block.n++);
  return block;
}

export function copyOf(block: FragmentBlock): FragmentBlock {
  const copy = new FragmentBlock(block.dictionary, Math.max(1, block.n));
  copyRows(block, 0, block.n, copy, 0);
  copy.n = block.n;
  return copy;
}

/** What somebody would be woken for, or look at in the morning. */
export function loud(events: readonly AlertEvent[]): AlertEvent[] {
  return events.filter(({ event, severity }) => event === 'opened' && severity !== 'info');
}

/** `opened errors@12` and the like: event, signal and minute of the onset since `startMs`. */
export function told(events: readonly AlertEvent[], startMs: number): string[] {
  return events
    .filter(({ severity }) => severity !== 'info')
    .map(({ event, signal, started_at }) => `${event} ${signal}@${(Date.parse(started_at) - startMs) / 60_000}`);
}
