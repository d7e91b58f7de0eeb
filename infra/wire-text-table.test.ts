import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { TextTable } from './wire-text-table.ts';

// few different bytes, so that keys begin alike, hash alike in part, and look like NaN and -0 to whoever reads doubles
const key = fc.record({
  bytes: fc.uint8Array({ maxLength: 20 }).map((bytes) => bytes.map((byte) => [0, 0x80, 0xff, 0x7f][byte % 4]!)),
  seed: fc.integer({ min: -1, max: 2 }),
});

test('finds what was added, by bytes and seed, wherever it stands, and nothing else', async () => {
  await fc.assert(
    fc.property(fc.array(key, { maxLength: 300 }), fc.nat({ max: 9 }), (keys, offset) => {
      const table = new TextTable();
      const expected = new Map<string, number>();
      for (const { bytes, seed } of keys) {
        const at = new Uint8Array(offset + bytes.length + 4).fill(0xaa);
        at.set(bytes, offset);
        const view = new DataView(at.buffer);
        const name = `${seed}/${Buffer.from(bytes).toString('hex')}`;
        const value = table.get(view, offset, bytes.length, seed);
        expect(value).toBe(expected.get(name) ?? -1);
        if (value === -1) {
          table.add(view, offset, bytes.length, seed, expected.size);
          expected.set(name, expected.size);
        }
      }
      expect(table.size).toBe(expected.size);
      table.clear();
      expect([table.size, table.bytes]).toEqual([0, 0]);
    }),
  );
});
