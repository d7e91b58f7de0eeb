import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Dictionary, F, FragmentBlock, FragmentKind, FragmentWriter, U } from './fragment.ts';
import { FragmentLog, PAGE, type PageFile } from './fragment-log.ts';
import { type FragmentRuns, MergedRuns, type Range, SequentialRuns } from './order.ts';
import { sortByTime } from './sort.ts';

/** Pages "on disk": copies, as a file would keep. */
function memoryFile(): PageFile {
  const pages: FragmentBlock[] = [];
  return {
    append(page) {
      const copy = new FragmentBlock(page.dictionary, PAGE);
      copy.f.set(page.f);
      copy.u.set(page.u);
      pages.push(copy);
    },
    read(page, row, count, block, into) {
      const from = pages[page]!;
      block.f.set(from.f.subarray(row * F.stride, (row + count) * F.stride), into * F.stride);
      block.u.set(from.u.subarray(row * U.stride, (row + count) * U.stride), into * U.stride);
    },
    close: () => {},
  };
}

/** A log of files, each a list of times; a fragment's `fn` is its number over all files, from 1. */
function logOf(
  files: readonly (readonly number[])[],
  memoryPages = Number.POSITIVE_INFINITY,
): { log: FragmentLog; ranges: Range[] } {
  const dictionary = new Dictionary();
  const log = new FragmentLog(dictionary, memoryPages, memoryFile);
  const writer = new FragmentWriter((block) => log.append(block), dictionary);
  const ranges: Range[] = [];
  let number = 0;
  for (const times of files) {
    for (const timeMs of times) writer.add(FragmentKind.report, ++number, timeMs);
    ranges.push({ from: number - times.length, to: number });
  }
  writer.flush();
  return { log, ranges: ranges.filter(({ from, to }) => to > from) };
}

const numbersOf = (runs: FragmentRuns): number[] => {
  const numbers: number[] = [];
  while (runs.next()) for (let i = runs.from; i < runs.to; i++) numbers.push(runs.block.u[i * U.stride + U.fn]!);
  return numbers;
};

const times = fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 40 });
const files = fc.array(times, { minLength: 1, maxLength: 8 });
const count = (lists: readonly (readonly number[])[]) => lists.reduce((sum, list) => sum + list.length, 0);

describe('merging', () => {
  test('keeps everything once, and the order inside each file', async () => {
    await fc.assert(
      fc.property(files, (lists) => {
        const { log, ranges } = logOf(lists);
        const numbers = numbersOf(new MergedRuns(log, ranges));
        expect([...numbers].sort((a, b) => a - b)).toEqual(Array.from({ length: count(lists) }, (_, i) => i + 1));
        for (const { from, to } of ranges) {
          const own = numbers.filter((number) => number > from && number <= to);
          expect(own).toEqual([...own].sort((a, b) => a - b));
        }
      }),
    );
  });

  test('of files in order is a stable sort by time, the earlier file first', async () => {
    await fc.assert(
      fc.property(files, (lists) => {
        const sorted = lists.map((list) => [...list].sort((a, b) => a - b));
        const { log, ranges } = logOf(sorted);
        const expected = sorted
          .flat()
          .map((timeMs, i) => ({ timeMs, number: i + 1 }))
          .sort((a, b) => a.timeMs - b.timeMs);
        expect(numbersOf(new MergedRuns(log, ranges))).toEqual(expected.map(({ number }) => number));
      }),
    );
  });

  test('does not depend on what is in memory and what in the file', () => {
    const long = (seed: number) => Array.from({ length: 5000 }, (_, i) => i * 10 + ((i * seed) % 37));
    const lists = [long(3), long(7), long(11)];
    const [all, some, none] = [Number.POSITIVE_INFINITY, 2, 0].map((pages) => {
      const { log, ranges } = logOf(lists, pages);
      return numbersOf(new MergedRuns(log, ranges));
    });
    expect(some).toEqual(all);
    expect(none).toEqual(all);
  });

  test('an event from the future holds back neither its file nor another', () => {
    const { log, ranges } = logOf([
      [1, 2, 9999, 3, 4, 5],
      [1, 2, 3, 4, 5],
    ]);
    const timesInOrder = numbersOf(new MergedRuns(log, ranges)).map(
      (number) => [1, 2, 9999, 3, 4, 5, 1, 2, 3, 4, 5][number - 1],
    );
    expect(timesInOrder.filter((timeMs) => timeMs !== 9999)).toEqual([1, 1, 2, 2, 3, 3, 4, 4, 5, 5]);
    expect(timesInOrder.indexOf(9999)).toBeLessThan(7);
  });

  test('a straggler stays where it arrived', () => {
    const { log, ranges } = logOf([
      [10, 20, 1, 30, 40],
      [5, 15, 25, 35],
    ]);
    expect(numbersOf(new MergedRuns(log, ranges))).toEqual([6, 1, 7, 2, 3, 8, 4, 9, 5]);
  });
});

test('a single file is read as it stands', () => {
  const list = Array.from({ length: 9000 }, (_, i) => (i * 31) % 977);
  for (const pages of [Number.POSITIVE_INFINITY, 1, 0]) {
    const { log, ranges } = logOf([[1, 2, 3], list, [4]], pages);
    expect(numbersOf(new SequentialRuns(log, ranges[1]!))).toEqual(list.map((_, i) => i + 4));
  }
});

describe('sorting', () => {
  const sortable = fc.array(
    fc.oneof(fc.integer({ min: 0, max: 2 ** 41 }), fc.double({ min: 0, max: 1e12, noNaN: true })),
    { maxLength: 200 },
  );

  test('is by time, stable', async () => {
    await fc.assert(
      fc.property(sortable, (list) => {
        const { log } = logOf([list]);
        const expected = list.map((timeMs, i) => ({ timeMs, number: i + 1 })).sort((a, b) => a.timeMs - b.timeMs);
        expect(numbersOf(sortByTime(log, memoryFile).runs())).toEqual(expected.map(({ number }) => number));
      }),
    );
  });

  test('through files gives what it gives in memory', () => {
    const list = Array.from({ length: 20_000 }, (_, i) => (i * 7919) % 10_007);
    const { log } = logOf([list], 1);
    const sorted = sortByTime(log, memoryFile, 6000);
    expect(numbersOf(sorted.runs())).toEqual(numbersOf(sortByTime(logOf([list]).log, memoryFile).runs()));
    expect(numbersOf(sorted.runs())).toHaveLength(list.length); // a second time
  });

  test('puts what has no time first', () => {
    const { log } = logOf([[5, Number.NaN, 3, -1]]);
    expect(numbersOf(sortByTime(log, memoryFile).runs())).toEqual([2, 4, 3, 1]);
  });
});
