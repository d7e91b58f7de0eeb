import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { encodeMajor1 } from '../bench/wire-major-1.ts';
import { Dictionary, F, U } from '../ingest/fragment.ts';
import { crc32 } from './segment-log-format.ts';
import { createFragmentDecoder, decodeFragments, encodeFragments } from './wire.ts';
import { blockOf, contents, TEXTS, typical } from './wire-blocks.fixture.ts';
import { WireError } from './wire-bytes.ts';
import { CHECKSUM_BYTES, MAX_FRAGMENTS } from './wire-layout.ts';

describe('bytes that are no block', () => {
  /** What was decoded, or null; anything thrown that is no wire error fails. */
  const attempt = (bytes: Uint8Array) => {
    try {
      return decodeFragments(bytes);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      return null;
    }
  };

  test('are never anything but a wire error: arbitrary ones, with and without a good checksum', async () => {
    await fc.assert(
      fc.property(fc.constantFrom(1, 2), fc.uint8Array({ maxLength: 200 }), (major, tail) => {
        attempt(tail);
        attempt(Uint8Array.from([0x54, 0x46, major, 0, ...tail]));
        attempt(sealed(Uint8Array.from([0x54, 0x46, major, 0, 9, 0, 0, 0, tail.length >> 1, 0, 0, 0, ...tail])));
      }),
      { numRuns: 3000 },
    );
  });

  test('are told from good ones at every cut and every changed bit', () => {
    const bytes = encodeFragments(typical(30));
    for (let at = 0; at < bytes.length; at++) {
      expect(() => decodeFragments(bytes.subarray(0, at))).toThrow(WireError);
      for (let bit = 0; bit < 8; bit++) {
        const damaged = Uint8Array.from(bytes);
        damaged[at]! ^= 1 << bit;
        if (at !== 2) expect(attempt(damaged)).toBeNull(); // another major is another format
      }
    }
  });

  test('with a good checksum, too, never crash, hang or take more memory than a block may', async () => {
    const fixtures = [
      readFileSync(new URL('./fixtures/fragments-2.0.bin', import.meta.url)),
      encodeFragments(typical(40)),
    ];
    await fc.assert(
      fc.property(
        fc.constantFrom(...fixtures),
        fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 4 }),
        fc.option(fc.nat(), { freq: 3 }),
        (bytes, changes, cut) => {
          const body = bytes.length - CHECKSUM_BYTES;
          const damaged = Uint8Array.from(bytes.subarray(0, cut === null ? body : cut % body));
          for (const [at, value] of changes) damaged[4 + (at % Math.max(1, damaged.length - 4))] = value;
          const decoded = attempt(sealed(damaged));
          if (decoded === null) return;
          expect(decoded.capacity).toBeLessThanOrEqual(MAX_FRAGMENTS);
          for (const at of TEXTS) {
            for (let i = 0; i < decoded.n; i++) {
              expect(decoded.u[i * U.stride + at]).toBeLessThan(decoded.dictionary.texts.length);
            }
          }
        },
      ),
      { numRuns: 1000 },
    );
  });

  test('of the earlier format are wire errors at every cut', () => {
    const bytes = readFileSync(new URL('./fixtures/fragments-1.0.bin', import.meta.url));
    for (let at = 0; at < bytes.length; at++) {
      expect(() => decodeFragments(bytes.subarray(0, at))).toThrow(WireError);
      for (const change of [0x01, 0x80, 0xff]) {
        const damaged = Uint8Array.from(bytes);
        damaged[at]! ^= change;
        attempt(damaged);
      }
    }
  });

  test('leave a block that is used again empty', () => {
    const dictionary = new Dictionary();
    const decoder = createFragmentDecoder(dictionary);
    const bytes = encodeFragments(typical(5));
    const reuse = decoder.decode(bytes);
    expect(reuse.n).toBe(5);
    expect(() => decoder.decode(bytes.subarray(0, 40), reuse)).toThrow('the checksum is wrong');
    expect(reuse.n).toBe(0);
  });
});

/** With the checksum that format 2 wants. */
function sealed(bytes: Uint8Array): Uint8Array {
  const whole = Buffer.alloc(bytes.length + CHECKSUM_BYTES);
  whole.set(bytes);
  whole.writeUInt32LE(crc32(bytes), bytes.length);
  return whole;
}

/** A block of format 2, byte by byte. */
function handMade(minor: number, fragments: number, columns: readonly number[], texts: readonly number[] = [0, 0]) {
  const bytes = Uint8Array.from([0x54, 0x46, 2, minor, ...Array(8).fill(0), ...columns, ...texts]);
  bytes[4] = fragments;
  bytes[8] = columns.length;
  return sealed(bytes);
}

/** Blocks of before 2.1 have no log groups. */
function withLogGroup({ f, u }: { f: unknown[]; u: unknown[] }) {
  return { f, u: u.length < U.stride ? [...u, ''] : u };
}

describe('other versions', () => {
  test('blocks of every earlier version are read as they were meant, side by side', () => {
    const folder = new URL('./fixtures/', import.meta.url);
    const names = readdirSync(folder).filter((name) => name.startsWith('fragments-') && name.endsWith('.bin'));
    expect(names).toEqual(['fragments-1.0.bin', 'fragments-2.0.bin', 'fragments-2.1.bin']);
    const decoder = createFragmentDecoder(new Dictionary());
    for (const name of [...names, ...names]) {
      const expected = JSON.parse(readFileSync(new URL(name.replace('.bin', '.json'), folder), 'utf8'));
      const decoded = decoder.decode(readFileSync(new URL(name, folder)));
      expect(JSON.parse(JSON.stringify(contents(decoded)))).toEqual(expected.map(withLogGroup)); // NaN is null there
    }
  });

  test('blocks of format 1 mean what blocks of format 2 mean', () => {
    const newest = decodeFragments(readFileSync(new URL('./fixtures/fragments-2.0.bin', import.meta.url)));
    for (const block of [newest, typical(300), blockOf([])]) {
      expect(contents(decodeFragments(encodeMajor1(block)))).toEqual(contents(block));
    }
  });

  test('what is written today is the newest of them, and without log groups what readers of 2.0 know whole', () => {
    for (const name of ['fragments-2.0.bin', 'fragments-2.1.bin']) {
      const written = readFileSync(new URL(`./fixtures/${name}`, import.meta.url));
      expect(encodeFragments(decodeFragments(written))).toEqual(written);
    }
    expect([...encodeFragments(blockOf([]))]).toEqual([...handMade(0, 0, [])]);
  });

  test('log groups are what a reader of 2.0 can do without: a column of its own, in a block that says 2.1', () => {
    const withGroups = readFileSync(new URL('./fixtures/fragments-2.1.bin', import.meta.url));
    expect([...withGroups.subarray(2, 4)]).toEqual([2, 1]);
    const block = decodeFragments(withGroups);
    const groups = contents(block).map(({ u }) => u[U.logGroup]);
    expect(groups).toEqual(groups.map((_, i) => (i % 2 === 1 ? '/teams/shop' : '')));
    for (let i = 0; i < block.n; i++) block.u[i * U.stride + U.logGroup] = 0;
    const without = encodeFragments(block);
    expect(without).toEqual(readFileSync(new URL('./fixtures/fragments-2.0.bin', import.meta.url)));
    // two fragments with the times 2 and 5, of which the second has text 1 in column 76
    const columns = [0, 5, 1, 4, 1, 0, 3, 76, 3, 0x80, 2, 2];
    const decoded = decodeFragments(handMade(1, 2, columns, [0, 1, 8, 103, 111]));
    expect(contents(decoded).map(({ u }) => u[U.logGroup])).toEqual(['', 'go']);
  });

  test('columns and sections of a later minor version are skipped, and a later major version is refused', () => {
    // two fragments with the times 2 and 5, a column 33 and a section behind the texts that this version does not know
    const columns = [0, 5, 1, 4, 1, 0, 3, 33, 3, 1, 2, 3];
    const decoded = decodeFragments(handMade(9, 2, columns, [0, 0, 7, 7, 7]));
    expect([decoded.n, decoded.f[F.time], decoded.f[F.stride + F.time], decoded.f[F.weight]]).toEqual([2, 2, 5, 1]);
    expect(() => decodeFragments(handMade(0, 2, columns))).toThrow('no such column, 33');
    expect(() => decodeFragments(handMade(0, 2, columns.slice(0, 7), [0, 0, 7]))).toThrow('bytes behind the last text');
    const newer = encodeFragments(blockOf([]));
    newer[2] = 3;
    expect(() => decodeFragments(newer)).toThrow(expect.objectContaining({ code: 'NEWER_VERSION' }));
  });

  test.each([
    ['a column that comes twice', [0, 2, 0, 4, 0, 2, 0, 4], 'column 0 comes twice'],
    ['a column with more than its values', [0, 3, 0, 4, 4], 'longer than its values'],
    ['a column with less than its values', [0, 4, 1, 4, 1, 0], 'ends early'],
    ['a bit for no fragment', [0, 3, 0x80, 4, 4], 'for no fragment'],
    ['a word over 32 bits', [64, 7, 0, 0x80, 0x80, 0x80, 0x80, 0x80, 4], 'out of range'],
    ['a negative word', [64, 5, 1, 1, 1, 0, 1], 'out of range'],
    ['a text that is not there', [65, 2, 0, 2], 'out of range'],
    ['texts that are not there', [65, 5, 1, 0, 1, 0, 9], 'not there'],
    ['an entry of a palette that is not there', [64, 5, 5, 0, 7, 0, 1], 'not there'],
    ['a start time before its time', [4, 5, 0x41, 0, 1, 1, 1], 'without its reference'],
    ['a palette of doubles', [0, 4, 5, 0, 7, 0], 'a palette in a column'],
    ['words as doubles', [64, 9, 7, 0, 0, 0, 0, 0, 0, 0, 0], 'doubles in a column of words'],
    ['request ids as numbers', [67, 2, 0, 2], 'request ids in an encoding of numbers'],
    ['an entry of a palette over 32 bits', [64, 9, 5, 0, 0x80, 0x80, 0x80, 0x80, 0x10, 0, 0], 'out of range'],
    ['an unknown encoding', [0, 1, 9], 'no such encoding, 9'],
  ])('%s is malformed', (_name, columns, message) => {
    expect(() => decodeFragments(handMade(0, 2, columns))).toThrow(expect.objectContaining({ code: 'MALFORMED' }));
    expect(() => decodeFragments(handMade(0, 2, columns))).toThrow(message);
  });

  test.each([
    ['more texts than bytes', [0, 9], 'ends early'],
    ['a prefix that is not there', [1, 1, 97, 1, 2, 1], 'a prefix that is not there'],
    ['a prefix that makes much of little', [1, 129, 1, ...Array(129).fill(97), 0], 'a prefix is too long'],
  ])('%s is malformed', (_name, texts, message) => {
    expect(() => decodeFragments(handMade(0, 2, [], texts))).toThrow(message);
  });
});
