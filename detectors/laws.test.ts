import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { F, Flag, FragmentKind, U } from '../ingest/fragment.ts';
import { blocksOf, loud, playBlocks, playRestored, type Row, rowsOf, testPipeline } from '../test/pipeline.ts';
import { play } from '../test/play.ts';
import { START_MS } from '../test/stream.ts';
import { withoutPaging } from '../test/verdicts.ts';

const MINUTE = 60_000;
const FNS = ['a', 'b', 'c', 'd'];

/** Hours of four functions in which something of each kind happens. */
const story = play({
  minutes: 220,
  fns: FNS,
  perMinute: (m, fn) => (fn === 'a' && m >= 180 && m < 195 ? 40 : fn === 'b' && m >= 150 && m < 160 ? 0 : 2),
  call: (m, random, fn) => ({
    ...(fn === 'c' && m >= 185 && random() < 0.7 ? { flags: Flag.failed | Flag.statusKnown, errorType: 'Boom' } : {}),
    ...(fn === 'd' ? { bytes: m >= 200 ? 4e8 : 20_000 } : {}),
    ...(fn === 'a' ? { version: m < 120 ? '7' : '8' } : {}),
  }),
  also: (stream, m) => {
    if (m === 100) {
      stream.add(FragmentKind.content, 'a', START_MS + m * MINUTE, 4e6, (block, _f, u) => {
        block.u[u + U.text] = block.dictionary.id('aws-access-key');
      });
    }
    if (m % 50 === 0) stream.add(FragmentKind.start, 'b', START_MS + m * MINUTE, 5e6 + m);
  },
});
const rows = rowsOf(story);
const whole = playBlocks(story);

test('the story has an alert of each kind in it', () => {
  expect(new Set(loud(whole.events).map(({ signal }) => signal))).toEqual(
    new Set(['invocations', 'errors', 'egress', 'content']),
  );
});

test('however the stream is cut into blocks, it says the same', () => {
  fc.assert(
    fc.property(fc.constantFrom(1, 7, 500, 4096), (size) => {
      expect(playBlocks(blocksOf(rows, size))).toEqual(whole);
    }),
    { numRuns: 3 },
  );
});

describe('stopped and restored, it says the same', () => {
  /** Cuts right behind the fragments after which something was said early or is open. */
  test('at any fragment', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(rows.length - 2), { minLength: 1, maxLength: 3 }), (ends) => {
        const sorted = [...new Set(ends)].sort((a, b) => a - b);
        const parts = [0, ...sorted.map((end) => end + 1)].flatMap((from, i) => {
          const to = sorted[i] === undefined ? rows.length : sorted[i] + 1;
          return blocksOf(rows.slice(from, to), to - from);
        });
        expect(playRestored(parts, new Set(sorted.map((_, i) => i)))).toEqual(whole);
      }),
      { numRuns: 3 },
    );
  });

  test('at every fragment of the minute in which an alert is said early', () => {
    const first = rows.findIndex(({ block, row }) => block.f[row * F.stride]! >= START_MS + 180 * MINUTE);
    const head = blocksOf(rows.slice(0, first), first);
    const steps = blocksOf(rows.slice(first, first + 40), 1);
    const tail = blocksOf(rows.slice(first + 40), rows.length);
    const cuts = new Set(steps.map((_, i) => head.length + i));
    expect(playRestored([...head, ...steps, ...tail], cuts)).toEqual(whole);
  });

  test('equal states are equal bytes', () => {
    const half = blocksOf(rows.slice(0, rows.length / 2));
    const original = testPipeline();
    for (const block of half) original.step(block);
    const pages = original.snapshot();
    expect(testPipeline({ restored: pages }).snapshot()).toEqual(pages);
  });
});

describe('copies', () => {
  const isTick = ({ block, row }: Row) => (block.u[row * U.stride]! & 0xff) === FragmentKind.tick;

  test('anywhere behind their originals change nothing but their count', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(rows.length - 1), fc.nat(2000)), { minLength: 1, maxLength: 40 }),
        (copies) => {
          const doubled = [...rows];
          const places = copies
            .filter(([of]) => !isTick(rows[of]!))
            .map(([of, later]) => ({ row: rows[of]!, at: Math.min(rows.length, of + 1 + later) }))
            .sort((a, b) => b.at - a.at);
          for (const { row, at } of places) doubled.splice(at, 0, row);
          const { totals, ...said } = playBlocks(blocksOf(doubled));
          const { totals: before, ...expected } = whole;
          expect(said).toEqual(expected);
          expect(totals).toEqual({ ...before, duplicates: expect.any(Number) });
          expect(totals.duplicates >= before.duplicates + places.length).toBe(true);
        },
      ),
      { numRuns: 2 },
    );
  });
});

/** Fragments shuffled within blocks of `spanMs`, ticks where they were. */
function shuffled(spanMs: number, draw: (n: number) => number): Row[] {
  const timed = rows.map((row) => ({ row, timeMs: row.block.f[row.row * F.stride]! }));
  const out: Row[] = [];
  for (let from = 0; from < timed.length; ) {
    let to = from;
    while (to < timed.length && timed[to]!.timeMs < timed[from]!.timeMs + spanMs) to++;
    const part = timed.slice(from, to).map(({ row }) => row);
    const ticks = part.map((row) => (row.block.u[row.row * U.stride]! & 0xff) === FragmentKind.tick);
    const others = part.filter((_, i) => !ticks[i]);
    for (let i = others.length - 1; i > 0; i--) {
      const k = draw(i + 1);
      [others[i], others[k]] = [others[k]!, others[i]!];
    }
    let next = 0;
    out.push(...part.map((row, i) => (ticks[i] ? row : others[next++]!)));
    from = to;
  }
  return out;
}

test('batches that change places within 30 s change no figure and no alert but when it was said', () => {
  const byKey = (said: typeof whole) => said.minutes.map((row) => JSON.stringify(row)).sort();
  const ids = (said: typeof whole) => new Set(loud(said.events).map(({ alert_id }) => alert_id));
  fc.assert(
    fc.property(fc.infiniteStream(fc.nat(1 << 20)), (stream) => {
      const other = playBlocks(blocksOf(shuffled(30_000, (n) => stream.next().value! % n)));
      expect(byKey(other)).toEqual(byKey(whole));
      expect(ids(other)).toEqual(ids(whole));
      expect(other.totals).toEqual(whole.totals);
    }),
    { numRuns: 3 },
  );
});

describe('a function is judged by its own calls alone', () => {
  test.each(FNS)('%s, alone or among the others', (fn) => {
    const key = `aws/123456789012/-/${fn}`;
    const own = rows.filter(({ block, row }) => {
      const kind = block.u[row * U.stride]! & 0xff;
      return kind === FragmentKind.tick || block.dictionary.text(block.u[row * U.stride + U.fn]!) === key;
    });
    const alone = playBlocks(blocksOf(own));
    const of = <T extends { fn: string }>(list: readonly T[]) => list.filter((row) => row.fn === key);
    expect(alone.minutes).toEqual(of(whole.minutes));
    expect(alone.scores).toEqual(of(whole.scores));
    expect(alone.invocations).toEqual(of(whole.invocations));
    const events = whole.events.filter(({ function: { name } }) => name === fn);
    // who is paged is a matter of rank among all
    expect(alone.events.map(withoutPaging)).toEqual(events.map(withoutPaging));
  });
});
