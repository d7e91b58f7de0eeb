import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Dictionary, F, Flag, FragmentBlock, FragmentKind, FragmentWriter, NONE, U } from '../ingest/fragment.ts';
import { decodeFragments, encodeFragments, MAX_FRAGMENTS } from './wire.ts';
import { WireError } from './wire-bytes.ts';

const TEXTS: readonly number[] = [U.fn, U.version, U.text, U.idText, U.stream];

/** What the fragments say, independent of the dictionary they are in. */
function contents(block: FragmentBlock, rows = [...Array(block.n).keys()]) {
  return rows.map((row) => ({
    f: [...block.f.subarray(row * F.stride, (row + 1) * F.stride)],
    u: [...block.u.subarray(row * U.stride, (row + 1) * U.stride)].map((word, column) =>
      TEXTS.includes(column) ? block.dictionary.text(word) : word,
    ),
  }));
}

const double = fc.oneof(
  fc.constant(Number.NaN),
  fc.double(),
  fc.integer(),
  fc.maxSafeInteger(),
  fc.nat({ max: 5000 }).map((ms) => ms * 1000),
  fc.integer({ min: 1.7e12, max: 1.7e12 + 1e6 }),
);
const word = fc.oneof(fc.constant(0), fc.constant(NONE), fc.nat({ max: 3 }), fc.integer({ min: 0, max: NONE }));
const text = fc.oneof(fc.constant(''), fc.string(), fc.string({ unit: 'binary' }), fc.constant('half \ud800 pair'));
const row = fc.record({
  f: fc.array(double, { minLength: F.stride, maxLength: F.stride }),
  u: fc.array(word, { minLength: U.stride, maxLength: U.stride }),
  texts: fc.array(text, { minLength: TEXTS.length, maxLength: TEXTS.length }),
});

function blockOf(rows: readonly { f: number[]; u: number[]; texts: string[] }[]): FragmentBlock {
  const block = new FragmentBlock(new Dictionary(), rows.length);
  for (const { f, u, texts } of rows) {
    const at = block.n++;
    block.f.set(f, at * F.stride);
    block.u.set(u, at * U.stride);
    for (const [i, column] of TEXTS.entries()) block.u[at * U.stride + column] = block.dictionary.id(texts[i]!);
  }
  return block;
}

/** Fragments as a busy account makes them: REPORTs of 40 functions within a minute. */
function typical(count: number): FragmentBlock {
  const writer = new FragmentWriter(() => {});
  const block = new FragmentBlock(writer.dictionary, count);
  writer.block = block;
  for (let i = 0; i < count; i++) {
    const random = (salt: number) => Math.imul(i + 1, 2654435761 + salt * 40503) >>> 0;
    const fn = writer.dictionary.id(`aws/123456789012/eu-west-1/function-${random(1) % 40}`);
    const endMs = 1.7e12 + i * 15 + (random(2) % 10);
    const at = writer.add(FragmentKind.report | Flag.fusedStart | (i % 50 ? 0 : Flag.cold), fn, endMs);
    const durationUs = 2000 + (random(3) % 900_000);
    block.f[at * F.stride + F.durationUs] = durationUs;
    block.f[at * F.stride + F.billedUs] = Math.ceil(durationUs / 1000) * 1000;
    if (i % 50 === 0) block.f[at * F.stride + F.initUs] = 300_000 + (random(4) % 100_000);
    block.f[at * F.stride + F.a] = endMs - Math.floor(durationUs / 1000);
    for (let j = 0; j < 4; j++) block.u[at * U.stride + U.id0 + j] = random(5 + j);
    block.u[at * U.stride + U.version] = writer.dictionary.id('$LATEST');
    block.u[at * U.stride + U.memorySizeKib] = 131_072;
    block.u[at * U.stride + U.memoryUsedKib] = 1024 * (60 + (random(9) % 60));
    block.u[at * U.stride + U.stream] = writer.dictionary.id(`2026/11/23/[$LATEST]${random(1) % 40}`);
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

  test('of a busy account take under 32 bytes each, half of which are request ids', () => {
    expect(encodeFragments(typical(4096)).length / 4096).toBeLessThan(32);
  });
});

describe('bytes that are no block', () => {
  const onlyWireErrors = (bytes: Uint8Array) => {
    try {
      decodeFragments(bytes);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
    }
  };

  test('are never anything but a wire error: arbitrary ones', async () => {
    const magic = Uint8Array.from([0x54, 0x46, 1, 0]);
    await fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (tail) => {
        onlyWireErrors(tail);
        onlyWireErrors(Uint8Array.from([...magic, ...tail]));
      }),
      { numRuns: 3000 },
    );
  });

  test('are never anything but a wire error: blocks cut or changed at any byte', () => {
    const bytes = encodeFragments(typical(60));
    for (let at = 0; at < bytes.length; at++) {
      expect(() => decodeFragments(bytes.subarray(0, at))).toThrow(WireError);
      for (const change of [0x01, 0x80, 0xff]) {
        const damaged = Uint8Array.from(bytes);
        damaged[at]! ^= change;
        onlyWireErrors(damaged);
      }
    }
  });
});

describe('other versions', () => {
  test('blocks of every earlier version are read as they were meant', () => {
    const folder = new URL('./fixtures/', import.meta.url);
    const names = readdirSync(folder).filter((name) => name.startsWith('fragments-') && name.endsWith('.bin'));
    expect(names).toContain('fragments-1.0.bin');
    for (const name of names) {
      const expected = JSON.parse(readFileSync(new URL(name.replace('.bin', '.json'), folder), 'utf8'));
      const decoded = decodeFragments(readFileSync(new URL(name, folder)));
      expect(JSON.parse(JSON.stringify(contents(decoded)))).toEqual(expected); // NaN is null there
    }
  });

  test('columns of a later minor version are skipped, and a later major version is refused', () => {
    const block = blockOf([]);
    block.dictionary.id('unused');
    const empty = encodeFragments(block);
    expect([...empty]).toEqual([0x54, 0x46, 1, 0, 0, 0, 0]);
    // two fragments with the times 2 and 5, and a column 33 that this version does not know
    const bytes = Uint8Array.from([0x54, 0x46, 1, 9, 2, 0, 2, 0, 3, 2, 4, 6, 33, 3, 1, 2, 3]);
    const decoded = decodeFragments(bytes);
    expect([decoded.n, decoded.f[F.time], decoded.f[F.stride + F.time], decoded.f[F.weight]]).toEqual([2, 2, 5, 1]);
    bytes[3] = 0;
    expect(() => decodeFragments(bytes)).toThrow('no such column, 33');
    bytes[2] = 2;
    expect(() => decodeFragments(bytes)).toThrow(expect.objectContaining({ code: 'NEWER_VERSION' }));
  });
});
