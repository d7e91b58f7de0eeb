import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { assignSticky, type Claim, decodeClaim, encodeClaim } from './kafka-assign.ts';

const newcomer = (member: string): Claim => ({ member, owned: [], generation: -1 });
const claimsOf = (division: ReadonlyMap<string, readonly number[]>, generation: number): Claim[] =>
  [...division].map(([member, owned]) => ({ member, owned, generation }));
const plain = (division: ReadonlyMap<string, readonly number[]>) => Object.fromEntries(division);

const MEMBERS = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 9 });
const PARTITIONS = fc.integer({ min: 0, max: 40 });

describe('dividing partitions', () => {
  test.each<{ name: string; claims: Claim[]; partitions: number; expected: Record<string, number[]> }>([
    { name: 'all go to the only member', claims: [newcomer('a')], partitions: 3, expected: { a: [0, 1, 2] } },
    {
      name: 'more members than partitions leave some idle',
      claims: [newcomer('b'), newcomer('a')],
      partitions: 1,
      expected: { a: [0], b: [] },
    },
    {
      name: 'a newcomer is given what is beyond the share of another',
      claims: [{ member: 'a', owned: [0, 1, 2, 3], generation: 1 }, newcomer('b')],
      partitions: 4,
      expected: { a: [0, 1], b: [2, 3] },
    },
    {
      name: 'the larger share stays with who has it',
      claims: [newcomer('a'), { member: 'b', owned: [0, 1, 2], generation: 1 }],
      partitions: 3,
      expected: { a: [2], b: [0, 1] },
    },
    {
      name: 'of two claims the later generation is believed',
      claims: [
        { member: 'a', owned: [0, 1], generation: 3 },
        { member: 'b', owned: [0, 1], generation: 4 },
      ],
      partitions: 2,
      expected: { a: [1], b: [0] },
    },
    {
      name: 'partitions that do not exist are given to nobody',
      claims: [{ member: 'a', owned: [7, -1, 0.5], generation: 1 }],
      partitions: 1,
      expected: { a: [0] },
    },
  ])('$name', ({ claims, partitions, expected }) => {
    expect(plain(assignSticky(claims, partitions))).toEqual(expected);
  });

  test('each partition has one owner, shares differ by at most one, and the order of members does not matter', () => {
    const claims = fc.array(
      fc.record({
        member: fc.string({ minLength: 1, maxLength: 3 }),
        owned: fc.array(fc.integer({ min: -2, max: 45 })),
        generation: fc.integer({ min: -1, max: 5 }),
      }),
      { minLength: 1, maxLength: 9 },
    );
    fc.assert(
      fc.property(claims, PARTITIONS, fc.nat(), (drawn, partitions, turn) => {
        const unique = [...new Map(drawn.map((claim) => [claim.member, claim])).values()];
        const division = assignSticky(unique, partitions);
        const all = [...division.values()].flat().sort((a, b) => a - b);
        expect(all).toEqual(Array.from({ length: partitions }, (_, i) => i));
        const sizes = [...division.values()].map((list) => list.length);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
        const at = turn % unique.length;
        expect(plain(assignSticky([...unique.slice(at), ...unique.slice(0, at)], partitions))).toEqual(plain(division));
      }),
    );
  });

  test('whoever comes or goes, nothing moves between members that stay but what a share demands', () => {
    fc.assert(
      fc.property(MEMBERS, MEMBERS, PARTITIONS, (before, after, partitions) => {
        const first = assignSticky(before.map(newcomer), partitions);
        const claims = claimsOf(first, 1);
        const second = assignSticky(
          after.map((member) => claims.find((claim) => claim.member === member) ?? newcomer(member)),
          partitions,
        );
        for (const [member, list] of second) {
          const had = first.get(member) ?? [];
          const kept = list.filter((partition) => had.includes(partition)).length;
          // it gives up only what is beyond its share, and is given something only when it has kept all it had
          expect(kept).toBe(Math.min(had.length, list.length));
        }
        expect(plain(assignSticky(claimsOf(second, 2), partitions))).toEqual(plain(second));
      }),
    );
  });
});

test('a claim survives the wire, and what is none owns nothing', () => {
  const claim = { member: 'm', owned: [3, 1], generation: 7 };
  expect(decodeClaim('m', encodeClaim(claim))).toEqual(claim);
  const nothing = { member: 'm', owned: [], generation: -1 };
  for (const bytes of [null, Buffer.alloc(0), Buffer.from('{"v":2,"owned":[1],"generation":1}'), Buffer.from('no')]) {
    expect(decodeClaim('m', bytes)).toEqual(nothing);
  }
});
