import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Bytes, logBytes, readAhead, readFileBytes, SourceError } from './bytes.ts';

async function* cut(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array, void> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** All that came, and why it ended early. */
async function drain(bytes: Bytes): Promise<{ text: string; error: string | null }> {
  const parts: Uint8Array[] = [];
  let error: string | null = null;
  try {
    for await (const chunk of bytes) parts.push(Uint8Array.from(chunk));
  } catch (caught) {
    if (!(caught instanceof SourceError)) throw caught;
    error = caught.message;
  }
  return { text: Buffer.concat(parts).toString(), error };
}

const lines = (count: number) => Array.from({ length: count }, (_, i) => `line ${i} ${(i * 7919) % 1009}\n`).join('');
const LONG = lines(200_000); // 3 MB
const random = (length: number) => {
  let state = 1;
  const next = () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return state >>> 24;
  };
  return Buffer.from(Array.from({ length }, next));
};

describe('text comes out the same', () => {
  const gz = gzipSync(LONG);
  const members = Buffer.concat([LONG.slice(0, 1_000_000), LONG.slice(1_000_000)].map((part) => gzipSync(part)));
  const thousand = Buffer.concat(
    Array.from({ length: 1000 }, (_, i) => gzipSync(LONG.slice(i * 2000, (i + 1) * 2000))),
  );
  test.each([
    { name: 'plain', bytes: Buffer.from(LONG), text: LONG },
    { name: 'gzip', bytes: gz, text: LONG },
    { name: 'gzip of two members', bytes: members, text: LONG },
    { name: 'gzip of a thousand members', bytes: thousand, text: LONG.slice(0, 2_000_000) },
    { name: 'gzip in gzip', bytes: gzipSync(gz), text: LONG },
    { name: 'gzip with zeros behind it', bytes: Buffer.concat([gz, Buffer.alloc(1000)]), text: LONG },
    { name: 'a UTF-8 byte order mark', bytes: Buffer.from('\ufeffhällo\n'), text: 'hällo\n' },
    { name: 'UTF-16, as PowerShell writes it', bytes: Buffer.from('\ufeffhällo 😀\n', 'utf16le'), text: 'hällo 😀\n' },
    { name: 'one byte', bytes: Buffer.from('x'), text: 'x' },
    { name: 'colours', bytes: Buffer.from('\u001b[31mred\u001b[0m ERROR\n'), text: '\u001b[31mred\u001b[0m ERROR\n' },
  ])('from $name', async ({ bytes, text }) => {
    for (const size of [4 * 1024 * 1024, 65_536, 10_007]) {
      const result = await drain(logBytes(cut(bytes, size)));
      expect(result.error).toBeNull();
      expect(result.text === text).toBe(true);
    }
  });

  test('however it is cut', async () => {
    const text = lines(300);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 700 }), fc.integer({ min: 1, max: 5000 }), async (size, member) => {
        const parts: Buffer[] = [];
        for (let at = 0; at < text.length; at += member) parts.push(gzipSync(text.slice(at, at + member)));
        expect(await drain(logBytes(cut(Buffer.concat(parts), size)))).toEqual({ text, error: null });
      }),
      { numRuns: 30 },
    );
  });
});

describe('damage', () => {
  const gz = gzipSync(LONG);
  test('of a truncated gzip is told behind all that can be had, the same however it is cut', async () => {
    const results = [];
    for (const size of [1 << 22, 65_536, 4099])
      results.push(await drain(logBytes(cut(gz.subarray(0, gz.length >> 1), size))));
    for (const { text, error } of results) {
      expect(error).toBe('truncated gzip: it ends in the middle');
      expect(text.length).toBeGreaterThan(LONG.length * 0.4);
      expect(LONG.startsWith(text)).toBe(true);
      expect(text.length).toBe(results[0]!.text.length);
    }
  });

  test('of a short truncated gzip, too', async () => {
    const short = gzipSync(lines(50));
    const { text, error } = await drain(logBytes(cut(short.subarray(0, short.length - 8), 1000)));
    expect(error).toBe('truncated gzip: it ends in the middle');
    expect(text).toBe(lines(50));
  });

  test('in the middle of a gzip is told, and the same however it is cut', async () => {
    const broken = Buffer.from(gz);
    broken.fill(0xff, broken.length >> 1, (broken.length >> 1) + 100);
    const results = [];
    for (const size of [1 << 22, 4099]) results.push(await drain(logBytes(cut(broken, size))));
    expect(results[0]!.error).toMatch(/^damaged gzip: /);
    expect(results[0]!.text.length).toBeGreaterThan(0);
    expect(results[1]).toEqual(results[0]);
  });

  test('behind a gzip is told', async () => {
    const { text, error } = await drain(logBytes(cut(Buffer.concat([gz, Buffer.from('and text')]), 5000)));
    expect(error).toBe('damaged gzip: incorrect header check');
    expect(LONG.startsWith(text)).toBe(true);
    expect(text.length).toBeGreaterThan(LONG.length * 0.85);
  });

  test.each([
    { name: 'nothing', bytes: Buffer.alloc(0), error: 'empty file' },
    { name: 'gzip of nothing', bytes: gzipSync(''), error: 'empty file' },
    { name: 'random bytes', bytes: random(100_000), error: 'binary data, not a log' },
    {
      name: 'a zip',
      bytes: Buffer.from('PK\u0003\u0004rest'),
      error: 'a zip archive: not supported, unpack first (unzip)',
    },
    {
      name: 'zstd',
      bytes: Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 1]),
      error: 'zstd-compressed: not supported, decompress first (zstd -d)',
    },
    {
      name: 'bzip2',
      bytes: Buffer.from('BZh91AY'),
      error: 'bzip2-compressed: not supported, decompress first (bunzip2)',
    },
    {
      name: 'a tar in gzip',
      bytes: gzipSync(Buffer.from(`${'a'.repeat(257)}ustar`)),
      error: 'a tar archive: not supported, unpack first (tar -x)',
    },
    { name: 'zeros', bytes: Buffer.alloc(5000), error: 'binary data, not a log' },
  ])('$name: $error', async ({ bytes, error }) => {
    expect(await drain(logBytes(cut(bytes, 1000)))).toEqual({ text: '', error });
  });
});

describe('a file', () => {
  test('is read to its end, whatever size was expected', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'bytes-')), 'x');
    writeFileSync(file, LONG);
    for (const size of [LONG.length, null, 10, 1e9])
      expect((await drain(readFileBytes(file, size))).text === LONG).toBe(true);
  });

  test.each([
    ['/nowhere/x.log', 'no such file or directory'],
    [tmpdir(), 'is a directory'],
  ])('%s: %s', async (path, error) => {
    expect(await drain(logBytes(readFileBytes(path, null)))).toEqual({ text: '', error });
  });
});

test('reading ahead changes nothing, not even where it fails', async () => {
  const gz = gzipSync(LONG).subarray(0, 100_000);
  const plain = await drain(logBytes(cut(gz, 1000)));
  expect(await drain(readAhead(logBytes(readAhead(cut(gz, 1000), 3)), 2))).toEqual(plain);
});

test('a reader that stops early releases the source', async () => {
  let released = false;
  const source = (async function* () {
    try {
      for (;;) yield Buffer.from(LONG);
    } finally {
      released = true;
    }
  })();
  for await (const chunk of readAhead(logBytes(source), 2)) if (chunk.length > 0) break;
  expect(released).toBe(true);
});
