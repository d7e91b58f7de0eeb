import type { Topics } from '../../infra/topics.ts';
import { decodeFragments as decodeBlock } from '../../infra/wire.ts';
import { F, FragmentKind, U } from '../../ingest/fragment.ts';

/** What stands on the topic of fragments by now. */
export interface OnTheBus {
  readonly reports: readonly { readonly fn: string; readonly id: string; readonly timeMs: number }[];
  readonly lastTickMs: number;
  readonly ticks: number;
}

/** A reader of all fragments on the bus, from the first; each call says what has come so far. */
export function decodeFragments(topics: Topics): () => Promise<OnTheBus> {
  const reports: { fn: string; id: string; timeMs: number }[] = [];
  let lastTickMs = Number.NaN;
  let ticks = 0;
  const reading = (async () => {
    for await (const { records } of topics.fragments.subscribe('reader')) {
      for (const record of records) {
        const block = decodeBlock(record);
        for (let i = 0; i < block.n; i++) {
          const timeMs = block.f[i * F.stride + F.time]!;
          const kind = block.u[i * U.stride]! & 0xff;
          if (kind === FragmentKind.tick) {
            ticks++;
            if (!(timeMs <= lastTickMs)) lastTickMs = timeMs;
          } else {
            const words = [U.id0, U.id0 + 1, U.id0 + 2, U.id0 + 3].map((at) =>
              block.u[i * U.stride + at]!.toString(16),
            );
            reports.push({ fn: block.dictionary.text(block.u[i * U.stride + U.fn]!), id: words.join('-'), timeMs });
          }
        }
      }
    }
  })();
  reading.catch(() => {}); // the bus was closed
  return async () => ({ reports, lastTickMs, ticks });
}
