import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { C, CELL_STRIDE, Cells, HistogramNodes } from './cells.ts';

describe('cells', () => {
  test('a new cell is empty but for whose it is, also where one was released', () => {
    const cells = new Cells();
    const first = cells.add(3, 100, -1);
    cells.values[first + C.n] = 7;
    cells.minutes.clear();
    cells.release(first);
    const again = cells.add(4, 101, -1);
    expect(again).toBe(first);
    const kept = new Set<number>([C.minute, C.slot, C.nextOfSlot, C.nextOfMinute]);
    const whole = [...cells.values.slice(again, again + CELL_STRIDE)];
    expect(whole.filter((_, field) => !kept.has(field)).every((value) => value === 0)).toBe(true);
    expect([whole[C.minute], whole[C.slot], whole[C.nextOfSlot], whole[C.nextOfMinute]]).toEqual([101, 4, -1, -1]);
  });

  test('growing keeps what is there', () => {
    const cells = new Cells();
    const places = Array.from({ length: 1000 }, (_, i) => {
      const at = cells.add(i, i % 7, -1);
      cells.values[at + C.n] = i;
      return at;
    });
    expect(new Set(places).size).toBe(1000);
    expect(places.every((at, i) => cells.values[at + C.n] === i && cells.values[at + C.slot] === i)).toBe(true);
  });

  test('live cells come by minute, then function, however they were made', () => {
    const unique = fc.uniqueArray(fc.tuple(fc.integer({ min: -3, max: 9 }), fc.nat(9)), {
      selector: ([minute, slot]) => `${minute} ${slot}`,
    });
    fc.assert(
      fc.property(unique, (made) => {
        const cells = new Cells();
        for (const [minute, slot] of made) cells.add(slot, minute, -1);
        const found = cells.live().map((at) => [cells.values[at + C.minute], cells.values[at + C.slot]]);
        expect(found).toEqual(made.toSorted((a, b) => a[0] - b[0] || a[1] - b[1]));
      }),
    );
  });

  test('memory follows what is open at once, not what has been', () => {
    const cells = new Cells();
    for (let round = 0; round < 10_000; round++) {
      const at = cells.add(0, round, -1);
      cells.minutes.delete(round);
      cells.release(at);
    }
    expect(cells.bytes).toBeLessThan(64 * CELL_STRIDE * 8 + 100);
  });
});

describe('histograms', () => {
  const counts = fc.array(fc.tuple(fc.nat(20), fc.integer({ min: 1, max: 9 })));
  const sumOf = (pairs: readonly (readonly [number, number])[]) => {
    const sums = new Map<number, number>();
    for (const [bucket, count] of pairs) sums.set(bucket, (sums.get(bucket) ?? 0) + count);
    return [...sums].sort((a, b) => a[0] - b[0]);
  };

  test('chains that grow at the same time do not mix, and looking empties nothing', () => {
    fc.assert(
      fc.property(fc.array(counts, { maxLength: 5 }), (chains) => {
        const nodes = new HistogramNodes();
        const firsts = chains.map(() => 0);
        const longest = Math.max(0, ...chains.map((chain) => chain.length));
        for (let i = 0; i < longest; i++) {
          for (const [which, chain] of chains.entries()) {
            const pair = chain[i];
            if (pair !== undefined) firsts[which] = nodes.add(firsts[which]!, ...pair);
          }
        }
        expect(firsts.map((first) => nodes.peek(first))).toEqual(chains.map(sumOf));
        expect(firsts.map((first) => nodes.takeAll(first))).toEqual(chains.map(sumOf));
      }),
    );
  });

  test('what was taken is used again', () => {
    const nodes = new HistogramNodes();
    for (let round = 0; round < 2000; round++) {
      let first = 0;
      for (let bucket = 0; bucket < 5; bucket++) first = nodes.add(first, bucket, 1);
      expect(nodes.takeAll(first)).toHaveLength(5);
    }
    expect(nodes.nodes.length).toBe(3 * 1024);
  });

  test('an empty chain is empty', () => {
    expect(new HistogramNodes().takeAll(0)).toEqual([]);
  });
});
