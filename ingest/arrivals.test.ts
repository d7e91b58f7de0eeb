import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { planArrivals, TickedBlocks } from './arrivals.ts';
import { ArrivalClock } from './clock.ts';
import { Fingerprint } from './fingerprint.ts';
import { Dictionary, F, FragmentBlock, FragmentKind, FragmentWriter, U } from './fragment.ts';
import { FragmentLog } from './fragment-log.ts';
import { SequentialRuns } from './order.ts';

const MINUTE = 60_000;
const START_MS = Date.UTC(2026, 10, 3);
const noFile = () => {
  throw new Error('everything fits in memory');
};

/** A log with a fragment a time, of five functions in turn. `cut` flushes the writer now and then. */
function logOf(times: readonly number[], cut = Number.POSITIVE_INFINITY): FragmentLog {
  const dictionary = new Dictionary();
  const log = new FragmentLog(dictionary, Number.POSITIVE_INFINITY, noFile);
  const writer = new FragmentWriter((block) => log.append(block), dictionary);
  for (const [i, timeMs] of times.entries()) {
    const row = writer.add(FragmentKind.report, dictionary.id(`aws/-/-/f${i % 5}`), timeMs);
    writer.block.u[row * U.stride + U.id0] = i + 1;
    if (i % cut === cut - 1) writer.flush();
  }
  writer.flush();
  return log;
}
const runsOf = (log: FragmentLog) => new SequentialRuns(log, { from: 0, to: log.length });

interface Row {
  readonly kind: number;
  readonly timeMs: number;
}

function ticked(log: FragmentLog): { rows: Row[]; blocks: number } {
  const blocks = new TickedBlocks(runsOf(log), planArrivals(runsOf(log), Number.NaN, 30_000), log.dictionary);
  const rows: Row[] = [];
  let n = 0;
  for (; blocks.next(); n++) {
    for (let i = 0; i < blocks.block.n; i++) {
      rows.push({ kind: blocks.block.u[i * U.stride]! & 0xff, timeMs: blocks.block.f[i * F.stride]! });
    }
  }
  return { rows, blocks: n };
}

describe('ticks', () => {
  test('stand right behind the fragment that moved the clock, and nothing else is changed', async () => {
    const steps = fc.array(fc.integer({ min: -MINUTE, max: 5 * MINUTE }), { maxLength: 300 });
    await fc.assert(
      fc.property(steps, (walk) => {
        let nowMs = START_MS;
        const times = walk.map((stepMs) => {
          nowMs += stepMs;
          return nowMs;
        });
        const log = logOf(times);
        const clock = new ArrivalClock();
        const expected: Row[] = [];
        for (const [i, timeMs] of times.entries()) {
          expected.push({ kind: FragmentKind.report, timeMs });
          if (clock.observe((i % 5) + 1, i + 1, timeMs))
            expected.push({ kind: FragmentKind.tick, timeMs: clock.watermarkMs });
        }
        expect(ticked(log).rows).toEqual(expected);
      }),
    );
  });

  test('do not get lost between blocks', () => {
    const times = Array.from({ length: 20_000 }, (_, i) => START_MS + i * 2000);
    const { rows, blocks } = ticked(logOf(times));
    const ticks = rows.filter(({ kind }) => kind === FragmentKind.tick);
    expect(rows).toHaveLength(20_000 + ticks.length);
    expect(ticks.length).toBeGreaterThan(3990);
    expect(blocks).toBe(Math.ceil(rows.length / 4096));
  });
});

describe('lateness', () => {
  const dense = Array.from({ length: 1200 }, (_, i) => START_MS + i * 500); // ten minutes
  test.each([
    { name: 'in order', times: dense, late: 0 },
    { name: 'a piece within the grade delay', times: [...dense, START_MS + 9 * MINUTE], late: 0 },
    { name: 'a piece of a graded minute', times: [...dense, START_MS + 5 * MINUTE], late: 1 },
    { name: 'the whole once more', times: [...dense, ...dense], late: 1080 },
  ])('$name: $late late', ({ times, late }) => {
    expect(planArrivals(runsOf(logOf(times)), Number.NaN, 30_000).late).toBe(late);
  });

  test('counts from the watermark to go on from', () => {
    expect(planArrivals(runsOf(logOf(dense)), START_MS + 60 * MINUTE, 30_000).late).toBe(1200);
  });
});

describe('the fingerprint', () => {
  const digest = (log: FragmentLog, change?: (block: FragmentBlock) => void) => {
    const hash = new Fingerprint(log.dictionary);
    const runs = runsOf(log);
    while (runs.next()) {
      change?.(runs.block);
      hash.add(runs.block, runs.from, runs.to);
    }
    return hash.digest();
  };
  const times = Array.from({ length: 50 }, (_, i) => START_MS + i * 1000);

  test('does not depend on how blocks were cut', () => {
    expect(digest(logOf(times, 7))).toBe(digest(logOf(times)));
  });

  test('does not depend on how the dictionary numbers its texts', () => {
    const log = logOf(times);
    const other = new Dictionary();
    other.id('a text before all others');
    const renumbered = new FragmentBlock(other, log.page(0).capacity);
    renumbered.f.set(log.page(0).f);
    renumbered.u.set(log.page(0).u);
    for (let i = 0; i < log.length; i++) {
      const at = i * U.stride + U.fn;
      renumbered.u[at] = other.id(log.dictionary.text(renumbered.u[at]!));
    }
    const hash = new Fingerprint(other);
    hash.add(renumbered, 0, log.length);
    expect(hash.digest()).toBe(digest(log));
  });

  test('does not depend on the bits of NaN', () => {
    const strange = (block: FragmentBlock) => {
      new Uint32Array(block.f.buffer).set([1, 0xfff80000], 2 * F.initUs);
      expect(block.f[F.initUs]).toBeNaN();
    };
    expect(digest(logOf(times), strange)).toBe(digest(logOf(times)));
  });

  test.each([...Object.entries(F), ...Object.entries(U)].filter(([name]) => name !== 'stride'))(
    'changes with %s',
    (name, offset) => {
      const before = digest(logOf(times));
      const inDoubles = name in F;
      const change = (block: FragmentBlock) => {
        if (inDoubles) block.f[offset] = 12345;
        else block.u[offset] = block.u[offset] === 1 ? 2 : 1;
      };
      expect(digest(logOf(times), change)).not.toBe(before);
    },
  );

  test('changes with the order', () => {
    expect(digest(logOf([...times].reverse()))).not.toBe(digest(logOf(times)));
  });
});
