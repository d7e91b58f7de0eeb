import { gunzipSync } from 'node:zlib';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { dataMessage, parseAll, type Readable, readable } from '../test/readable.ts';
import { FragmentWriter } from './fragment.ts';
import { createParser } from './parser.ts';

const ID = (n: number) => `5f0c8a4e-1d8c-4d5c-9a0b-${String(n).padStart(12, '0')}`;
const report = (n: number) =>
  `REPORT RequestId: ${ID(n)}\tDuration: 12.5 ms\tBilled Duration: 13 ms\tMemory Size: 128 MB\tMax Memory Used: 64 MB`;
const stream = (n: number, version: string) => ({
  logStream: `2026/11/21/[${version}]e6bd0f6b5c0a4c67a2d5c8f2b0c8${n}d4e`,
});

/** Invocations that are told of in several messages, in text and JSON, of functions with and without a group of their own. */
const input = [
  dataMessage([`START RequestId: ${ID(1)} Version: $LATEST`], stream(1001, '$LATEST')),
  dataMessage(['2026-11-21T14:00:00Z Task timed out after 3.00 seconds', report(1)], stream(1001, '$LATEST')),
  dataMessage([`START RequestId: ${ID(2)} Version: 12`, report(2)], stream(1002, '12')),
  dataMessage([JSON.stringify({ time: '2026-11-21T14:00:00.000Z', type: 'platform.start', record: { requestId: ID(3), version: '12' } })], stream(1003, '12')),
  dataMessage([JSON.stringify({ time: '2026-11-21T14:00:01.000Z', type: 'platform.report', record: { requestId: ID(3), status: 'success', metrics: { durationMs: 5, billedDurationMs: 6, memorySizeMB: 128, maxMemoryUsedMB: 60 } } })], stream(1003, '12')),
  dataMessage([`RequestId: ${ID(4)} Error: Runtime exited with error: signal: killed Runtime.OutOfMemory`, report(4)], { ...stream(1001, '$LATEST'), logGroup: '/custom/group' }),
  dataMessage([report(5)], stream(1002, '12')),
  dataMessage([report(6)], { logStream: '2026/11/21/mail[7]e6bd0f6b', logGroup: '/custom/group' }),
  dataMessage([report(7)], { logStream: '2026/11/21/mail[7]e6bd0f6b', logGroup: '/custom/group' }),
].map((line) => `${line}\n`); // biome-ignore format: a message a line

test('a dictionary may begin anew anywhere between two pushes: the fragments say the same', () => {
  const bytes = Buffer.from(input.join(''));
  const expected = parseAll(bytes);
  expect(expected.fragments.length).toBeGreaterThan(5);
  expect(expected.fragments.filter(({ logGroup }) => logGroup === '/custom/group')).toHaveLength(2);
  const cuts = fc.array(fc.nat(bytes.length), { maxLength: 12 });
  fc.assert(
    fc.property(cuts, (places) => {
      const fragments: Readable[] = [];
      const out = new FragmentWriter((block) => {
        for (let i = 0; i < block.n; i++) fragments.push(readable(block, i));
      });
      const parser = createParser({ origin: 'test', gunzip: gunzipSync }, out, () => {});
      let from = 0;
      for (const to of [...places.sort((a, b) => a - b), bytes.length]) {
        parser.push(bytes.subarray(from, to));
        out.renew();
        expect(out.dictionary.texts).toEqual(['']);
        from = to;
      }
      parser.end();
      out.flush();
      expect(fragments).toEqual(expected.fragments);
    }),
  );
});
