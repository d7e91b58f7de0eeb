import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Dictionary, F, Flag, FragmentBlock, FragmentKind, FragmentWriter, NONE, U } from '../ingest/fragment.ts';
import { createFragmentDecoder, createFragmentEncoder, decodeFragments, encodeFragments } from './wire.ts';
import { blockOf, contents, TEXTS, typical } from './wire-blocks.fixture.ts';
import { MAX_FRAGMENTS } from './wire-layout.ts';

const double = fc.oneof(
  fc.constant(Number.NaN),
  fc.double(),
  fc.integer(),
  fc.maxSafeInteger(),
  fc.nat({ max: 5000 }).map((ms) => ms * 1000),
  fc.integer({ min: 1.7e12, max: 1.7e12 + 1e6 }),
);
const word = fc.oneof(fc.constant(0), fc.constant(NONE), fc.nat({ max: 3 }), fc.integer({ min: 0, max: NONE }));
const text = fc.oneof(
  fc.constant(''),
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.constant('half \ud800 pair'),
  fc.constantFrom(
    'a/b/c/',
    'ä/b/c/d',
    '0f'.repeat(16),
    `é${'0f'.repeat(16)}`,
    `${'x'.repeat(129)}${'0f'.repeat(16)}`,
    `a/b/${'ü'.repeat(64)}/d`,
  ),
);
const row = fc.record({
  f: fc.array(double, { minLength: F.stride, maxLength: F.stride }),
  u: fc.array(word, { minLength: U.stride, maxLength: U.stride }),
  texts: fc.array(text, { minLength: TEXTS.length, maxLength: TEXTS.length }),
});

/** A column as it is in practice: all alike in kind, with gaps. */
const column = fc
  .record({
    base: fc.oneof(fc.constantFrom(0, -1, 0.5, 1.7e12, 2 ** 51, 2 ** 53), fc.integer()),
    range: fc.constantFrom(0, 1, 255, 256, 65_535, 65_536, 2 ** 24 - 1, 2 ** 24, 2 ** 31, 2 ** 32 - 1, 2 ** 32),
    scale: fc.constantFrom(1, 1000, 1024),
    absent: fc.constantFrom(0, 0.1, 0.9, 1),
    odd: fc.constantFrom(0, 0.05),
    seed: fc.nat(),
  })
  .map(({ base, range, scale, absent, odd, seed }) => {
    const random = (row: number, salt: number) =>
      (Math.imul(row + 1 + salt * 31, 2654435761 + seed * 2) >>> 0) / 2 ** 32;
    return (row: number, gap: number, oddity: number): number => {
      if (random(row, 1) < absent) return gap;
      if (random(row, 2) < odd) return oddity;
      return base + Math.floor(random(row, 3) * (range / scale + 1)) * scale;
    };
  });

const regular = fc.record({
  rows: fc.integer({ min: 1, max: 130 }),
  kinds: fc.constantFrom([1], [1, 1, 3, 6], [0], [1, 9, 0, 4, 6]),
  f: fc.array(column, { minLength: F.stride, maxLength: F.stride }),
  u: fc.array(column, { minLength: U.stride, maxLength: U.stride }),
  odd: double,
  startsBeforeMs: fc.constantFrom(-1, 0, 250, 70_000, 2 ** 33),
});

function regularBlock({ rows, kinds, f, u, odd, startsBeforeMs }: Parameters<Parameters<typeof regular.map>[0]>[0]) {
  const block = new FragmentBlock(new Dictionary(), rows);
  block.n = rows;
  for (let row = 0; row < rows; row++) {
    for (const [k, value] of f.entries()) {
      block.f[row * F.stride + k] = value(row, k === F.weight ? 1 : Number.NaN, odd);
    }
    if (startsBeforeMs >= 0) block.f[row * F.stride + F.a] = block.f[row * F.stride]! - (row % (startsBeforeMs + 1));
    for (const [k, value] of u.entries()) {
      const word = value(row, k === U.memorySizeKib || k === U.memoryUsedKib ? NONE : 0, row) >>> 0;
      block.u[row * U.stride + k] = TEXTS.includes(k) ? block.dictionary.id(word % 3 ? `a/b/c/${word}` : '') : word;
    }
    block.u[row * U.stride] = kinds[row % kinds.length]! | (row % 3 ? Flag.fusedStart : 0);
  }
  return block;
}

describe('fragments', () => {
  test('come back as they were, whatever their values and texts', async () => {
    await fc.assert(
      fc.property(fc.array(row, { maxLength: 40 }), (rows) => {
        const block = blockOf(rows);
        expect(contents(decodeFragments(encodeFragments(block)))).toEqual(contents(block));
      }),
      { numRuns: 500 },
    );
  });

  test('come back as they were, whatever makes a column short', async () => {
    await fc.assert(
      fc.property(regular, (shape) => {
        const block = regularBlock(shape);
        expect(contents(decodeFragments(encodeFragments(block)))).toEqual(contents(block));
      }),
      { numRuns: 400 },
    );
  });

  test('come back through one encoder and one decoder, block after block, into a block that held others', async () => {
    await fc.assert(
      fc.property(fc.array(fc.array(row, { maxLength: 8 }), { minLength: 2, maxLength: 6 }), (blocks) => {
        const encoder = createFragmentEncoder();
        const dictionary = new Dictionary();
        const decoder = createFragmentDecoder(dictionary);
        const reuse = new FragmentBlock(dictionary, 6);
        const shared = blockOf(blocks.flat());
        let first = 0;
        for (const rows of blocks) {
          const own = blockOf(rows);
          const chosen = Uint32Array.from(rows, (_, i) => first + i);
          first += rows.length;
          for (const bytes of [encoder.encode(own), encoder.encode(shared, chosen)]) {
            const decoded = decoder.decode(bytes, reuse);
            expect(contents(decoded)).toEqual(contents(own));
            expect(decoded === reuse).toBe(rows.length <= reuse.capacity);
          }
        }
      }),
      { numRuns: 200 },
    );
    const stranger = new FragmentBlock(new Dictionary(), 1);
    const decoder = createFragmentDecoder(new Dictionary());
    expect(() => decoder.decode(encodeFragments(blockOf([])), stranger)).toThrow('the block is of another dictionary');
  });

  test('that are ticks keep the name of their clock and what they carry', () => {
    const writer = new FragmentWriter(() => {});
    for (const [i, name] of ['ingest-0/eu', 'ingest-1/eu', 'ingest-0/eu'].entries()) {
      const at = writer.add(FragmentKind.tick, 0, 1.7e12 + i);
      writer.block.u[at * U.stride + U.text] = writer.dictionary.id(name);
      writer.block.f[at * F.stride + F.a] = 1.7e12 - 0.25;
      writer.block.f[at * F.stride + F.b] = i;
    }
    const decoded = decodeFragments(encodeFragments(writer.block));
    expect(contents(decoded)).toEqual(contents(writer.block));
    expect(contents(decoded)[1]!.u[U.text]).toBe('ingest-1/eu');
  });

  test('of chosen rows travel with the texts of those rows only, into a dictionary that is shared', () => {
    const block = typical(300);
    const rows = Uint32Array.from([299, 5, 5, 42]);
    const bytes = encodeFragments(block, rows);
    const shared = new Dictionary();
    shared.id('already there');
    const decoded = decodeFragments(bytes, shared);
    expect(contents(decoded)).toEqual(contents(block, [...rows]));
    expect(shared.texts.length).toBeLessThanOrEqual(2 + 1 + 3 * 2);
    expect(bytes.length).toBeLessThan(400);
  });

  test('of many different texts and a full block come back, too', () => {
    const block = typical(5000);
    for (let i = 0; i < 5000; i++) block.u[i * U.stride + U.fn] = block.dictionary.id(`fn-${i % 700}`);
    expect(contents(decodeFragments(encodeFragments(block)))).toEqual(contents(block));
    expect(() => encodeFragments(block, new Uint32Array(MAX_FRAGMENTS + 1))).toThrow(RangeError);
  });

  test('of many accounts, days and memory sizes come back, too', () => {
    const block = typical(600);
    for (let i = 0; i < 600; i++) {
      block.u[i * U.stride + U.fn] = block.dictionary.id(`aws/${i % 300}/eu-west-1/pay`);
      block.u[i * U.stride + U.stream] = block.dictionary.id(`${i}/01/01/[1]${'0f'.repeat(16)}`);
      block.u[i * U.stride + U.memorySizeKib] = 1 + Math.imul(i, 0x9e3779b1) * 1024;
    }
    const decoded = decodeFragments(encodeFragments(block));
    expect(contents(decoded)).toEqual(contents(block));
  });

  test('keep their texts when a decoder has seen more than it remembers', () => {
    const encoder = createFragmentEncoder();
    const dictionary = new Dictionary();
    const decoder = createFragmentDecoder(dictionary);
    const first = typical(20);
    const bytes = encoder.encode(first);
    expect(contents(decoder.decode(bytes))).toEqual(contents(first));
    const long = 'x'.repeat(1024);
    for (let i = 0; i < 9; i++) {
      const flood = new FragmentBlock(new Dictionary(), 1024);
      flood.n = 1024;
      for (let k = 0; k < 1024; k++) flood.u[k * U.stride + U.text] = flood.dictionary.id(`${i}/${k}/${long}`);
      decoder.decode(encoder.encode(flood));
    }
    const again = decoder.decode(bytes);
    expect(contents(again)).toEqual(contents(first));
    expect(dictionary.texts.length).toBe(new Set(dictionary.texts).size);
  });

  test('of a busy account take under 32 bytes each, half of which are request ids', () => {
    expect(encodeFragments(typical(4096)).length / 4096).toBeLessThan(32);
  });
});
