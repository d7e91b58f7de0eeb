import { describe, expect, test } from '@jest/globals';
import type { EngineMinute } from '../detectors/engine.ts';
import { FleetMerge, type PartitionStep } from './fleet-merge.ts';

const step = (n: number, watermarkMs: number, minuteMs = Number.NaN): PartitionStep => ({
  n,
  minuteMs,
  watermarkMs,
  verdicts: [],
  pulses: [{ account: 'aws/1', expected: 1, observed: n, functions: 1 }],
  tested: 1,
});

/** A message of the first life of a partition, whose last step is the last one said. */
const said = (
  partition: number,
  watermarkMs: number,
  steps: readonly PartitionStep[],
  last = steps.at(-1)?.n ?? 0,
) => ({
  partition,
  epoch: 'a',
  last,
  watermarkMs,
  steps,
});

/** What is handed on, as `minute@watermark×partitions`. */
function listen(): { handed: string[]; take: (minute: EngineMinute) => void } {
  const handed: string[] = [];
  return {
    handed,
    take: ({ minuteMs, watermarkMs, tested }) => void handed.push(`${minuteMs}@${watermarkMs}×${tested}`),
  };
}

describe('merging', () => {
  test('hands a minute on when every partition is past it, once, with what all of them said', () => {
    const { handed, take } = listen();
    const merge = new FleetMerge(2, take);
    merge.hear(said(0, 90, [step(1, 90, 0)]));
    expect(handed).toEqual([]);
    expect(merge.slowest).toEqual([1]);
    merge.hear(said(1, 89, []));
    expect(handed).toEqual([]);
    merge.hear(said(1, 95, [step(1, 95, 0)]));
    expect(handed).toEqual(['0@90×2']);
    merge.hear(said(1, 95, [step(1, 95, 0)]));
    expect(handed).toHaveLength(1);
    expect(merge.repeated).toBe(1);
  });

  test('what was said between two minutes comes after the minutes of its tick, and before later ones', () => {
    const { handed, take } = listen();
    const merge = new FleetMerge(1, take);
    merge.hear(said(0, 200, [step(1, 90), step(2, 100, 0), step(3, 100, 60), step(4, 100), step(5, 200, 120)]));
    expect(handed).toEqual(['NaN@90×1', '0@100×1', '60@100×1', 'NaN@100×1', '120@200×1']);
  });

  test('a partition that was told to be away is not waited for until it speaks; what it missed comes late and without its pulse', () => {
    const { handed, take } = listen();
    const merge = new FleetMerge(2, take);
    merge.hear(said(0, 90, [step(1, 90, 0)]));
    merge.leave({ away: 1 });
    expect(handed).toEqual(['0@90×1']);
    merge.hear(said(0, 150, [step(2, 150, 60)]));
    expect(handed).toHaveLength(2);
    merge.hear(said(1, 91, [step(1, 91, 0)]));
    expect(handed.slice(2)).toEqual(['NaN@150×1']);
    merge.hear(said(0, 210, [step(3, 210, 120)]));
    expect(handed).toHaveLength(3); // waited for again
    merge.hear(said(1, 215, [step(2, 150, 60), step(3, 215, 120)]));
    expect(handed.slice(3)).toEqual(['NaN@150×1', '120@210×2']);
  });

  test('a restored one goes on as the one that was never stopped', () => {
    const whole = listen();
    const parts = listen();
    const first = new FleetMerge(3, whole.take);
    let second = new FleetMerge(3, parts.take);
    const messages = [
      said(0, 90, [step(1, 90, 0)]),
      said(1, 100, [step(1, 100, 0)]),
      said(0, 200, [step(2, 150, 60), step(3, 200)]),
      said(2, 100, [step(1, 100, 0)]),
      said(1, 200, [step(2, 200, 60)]),
      said(2, 210, [step(2, 210, 60)]),
    ];
    for (const [i, message] of messages.entries()) {
      first.hear(message);
      second.hear(message);
      if (i === 2) {
        first.leave({ away: 2 });
        second.leave({ away: 2 });
      }
      const restored = new FleetMerge(3, parts.take);
      restored.restore(second.state());
      second = restored;
      second.hear(message); // and what came last is read again
    }
    expect(parts.handed).toEqual(whole.handed);
    expect(whole.handed.length).toBeGreaterThan(2);
  });
});
