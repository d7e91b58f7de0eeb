import type { AlertEvent } from '../alerts/event.ts';
import type { PipelineOptions } from '../app/pipeline.ts';
import { blocksOfPieces, type Piece } from './pieces.ts';
import { playBlocks } from './pipeline.ts';
import { START_MS } from './stream.ts';

const MINUTE_MS = 60_000;
/** How often the others are called, minutes. */
const OTHERS_EVERY = 5;
const FIRST_OTHER_ID = 10_000_000;

/** A moment so many minutes after the start. */
export const minuteMs = (minute: number): number => START_MS + minute * MINUTE_MS;

/** One call of `checkout`; its id is made of its minute. */
export function callAt(minute: number, more: Partial<Piece> = {}): Piece {
  return { kind: 'report', timeMs: minuteMs(minute), id: 1 + Math.round(minute * 1000), durationUs: 5000, ...more };
}

/** What is said of `checkout` while two others live on for so many days. */
export function playAmong(
  days: number,
  pieces: readonly Piece[],
  options: Partial<PipelineOptions> = {},
): readonly AlertEvent[] {
  const all = [...pieces];
  for (let minute = 0; minute < days * 1440; minute += OTHERS_EVERY) {
    for (const [i, fn] of ['one', 'two'].entries())
      all.push(callAt(minute + 1, { fn, id: FIRST_OTHER_ID + 2 * minute + i }));
  }
  for (let minute = 0; minute < days * 1440; minute++) all.push({ kind: 'tick', timeMs: minuteMs(minute) });
  const inOrder = all.map((piece, i) => ({ piece, i }));
  inOrder.sort((a, b) => a.piece.timeMs - b.piece.timeMs || a.i - b.i);
  const { events } = playBlocks(blocksOfPieces(inOrder.map(({ piece }) => piece)), options);
  return events.filter(({ function: { name } }) => name === 'checkout');
}
