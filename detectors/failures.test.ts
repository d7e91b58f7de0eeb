import { describe, expect, test } from '@jest/globals';
import { Flag } from '../ingest/fragment.ts';
import { blocksOfPieces, type Piece, permutations } from '../test/pieces.ts';
import { playBlocks } from '../test/pipeline.ts';
import { START_MS } from '../test/stream.ts';

const AT = START_MS + 20_000;
const total = (pieces: readonly Piece[]) => {
  const sums = { calls: 0, errors: 0, timeouts: 0, ooms: 0 };
  for (const row of playBlocks(blocksOfPieces(pieces)).minutes) {
    sums.calls += row.invocations;
    sums.errors += row.errors;
    sums.timeouts += row.timeouts;
    sums.ooms += row.ooms;
  }
  return sums;
};

const report = (flags = 0, timeMs = AT): Piece => ({ kind: 'report', flags, timeMs, id: 1, durationUs: 5000 });
const failure = (flags = 0, timeMs = AT, text = 'Error'): Piece => ({ kind: 'failure', flags, timeMs, id: 1, text });

describe('an invocation counts once, whatever lines tell of its failure and in whatever order', () => {
  const { failed, timeout, oom } = Flag;
  test.each<{ name: string; pieces: Piece[]; sums: object }>([
    { name: 'its report alone', pieces: [report(failed)], sums: { errors: 1 } },
    { name: 'its line alone', pieces: [failure()], sums: { calls: 0, errors: 1 } },
    { name: 'line and silent report', pieces: [failure(), report()], sums: { errors: 1 } },
    { name: 'line and failed report', pieces: [failure(), report(failed)], sums: { errors: 1 } },
    { name: 'two lines and report', pieces: [failure(), failure(0, AT + 3), report(failed, AT + 5)], sums: { errors: 1 } },
    { name: 'a timeout told twice', pieces: [failure(timeout), report(timeout)], sums: { errors: 1, timeouts: 1 } },
    { name: 'a timeout only its line tells', pieces: [failure(timeout), report()], sums: { errors: 1, timeouts: 1 } },
    { name: 'a timeout only its report tells', pieces: [failure(), report(timeout)], sums: { errors: 1, timeouts: 1 } },
    { name: 'out of memory told twice', pieces: [failure(oom), report(oom)], sums: { errors: 1, ooms: 1 } },
    { name: 'out of memory only its report tells', pieces: [failure(), report(failed | oom)], sums: { errors: 1, ooms: 1 } },
    { name: 'out of memory only its line tells', pieces: [failure(oom, AT + 1), failure(), report()], sums: { errors: 1, ooms: 1 } },
    { name: 'an error line that is no failure', pieces: [{ ...failure(), kind: 'errorLog' }, report()], sums: {} },
  ])('$name', ({ pieces, sums }) => {
    for (const order of permutations(pieces)) {
      expect(total(order)).toEqual({ calls: 1, errors: 0, timeouts: 0, ooms: 0, ...sums });
    }
  }); // biome-ignore format: a table
});

describe('what is another failure', () => {
  test.each<{ name: string; pieces: Piece[]; errors: number }>([
    { name: 'a retry of the same request', pieces: [failure(), failure(0, AT + 60_000)], errors: 2 },
    { name: 'a retry that is a report', pieces: [report(Flag.failed), report(Flag.failed, AT + 60_000)], errors: 2 },
    { name: 'another request', pieces: [failure(), { ...failure(), id: 2 }], errors: 2 },
    { name: 'another function', pieces: [failure(), { ...failure(), fn: 'other' }], errors: 2 },
    {
      name: 'lines without a request id',
      pieces: [
        { ...failure(), id: 0 },
        { ...failure(0, AT + 1), id: 0 },
      ],
      errors: 2,
    },
    { name: 'the same line delivered twice', pieces: [failure(), failure()], errors: 1 },
  ])('$name', ({ pieces, errors }) => {
    for (const order of permutations(pieces)) expect(total(order).errors).toBe(errors);
  });
});

test('a failure that is told of on both sides of a minute has its place in one, whichever line comes first', () => {
  const pieces = [failure(0, START_MS + 59_990), report(Flag.failed, START_MS + 60_010)];
  const rows = permutations(pieces).map((order) =>
    playBlocks(blocksOfPieces(order)).minutes.map(({ minuteMs, errors }) => [minuteMs - START_MS, errors]),
  );
  expect(rows[1]).toEqual(rows[0]);
  expect(rows[0]!.map(([, errors]) => errors).reduce((a, b) => a! + b!, 0)).toBe(1);
});

test('a record of a sample counts for all the calls it stands for', () => {
  const { failed, timeout, oom } = Flag;
  const weight = 5;
  expect(total([{ ...report(failed | timeout), weight }])).toEqual({ calls: 5, errors: 5, timeouts: 5, ooms: 0 });
  expect(total([{ ...report(failed | oom), weight, id: 0 }])).toEqual({ calls: 5, errors: 5, timeouts: 0, ooms: 5 });
  expect(
    total([
      { ...report(), weight },
      { ...report(failed), id: 2 },
    ]),
  ).toEqual({ calls: 6, errors: 1, timeouts: 0, ooms: 0 });
  const sampled = { ...report(failed), weight };
  expect(total([sampled, sampled])).toEqual({ calls: 5, errors: 5, timeouts: 0, ooms: 0 });
});
