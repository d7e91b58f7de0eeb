import { setImmediate } from 'node:timers/promises';
import type { TickedBlocks } from '../ingest/arrivals.ts';
import type { Pipeline, PipelineOutput } from './pipeline.ts';

/** Blocks between two turns of the event loop: signals, timers and finished writes wait no longer than some 20 ms. */
const BLOCKS_A_TURN = 4;

export interface RunHooks {
  /** Takes what came out, in order; resolves when there is room for more. */
  readonly deliver: (output: PipelineOutput) => Promise<void>;
  /** asked after every block: nothing of a block is left undone */
  readonly isStopped: () => boolean;
  /** fragments and ticks stepped so far */
  readonly onProgress: (count: number) => void;
}

/** Steps every block, and delivers what comes of each before the next. False when it was stopped before the end. */
export async function runBlocks(blocks: TickedBlocks, pipeline: Pipeline, hooks: RunHooks): Promise<boolean> {
  let count = 0;
  for (let turn = 1; blocks.next(); turn++) {
    pipeline.step(blocks.block);
    await hooks.deliver(pipeline.drain());
    count += blocks.block.n;
    if (turn % BLOCKS_A_TURN === 0) {
      hooks.onProgress(count);
      await setImmediate();
    }
    if (hooks.isStopped()) return false;
  }
  return true;
}
