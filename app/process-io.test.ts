import { Writable } from 'node:stream';
import { expect, test } from '@jest/globals';
import { ClosedOutputError } from './io.ts';
import { outputTo } from './process-io.ts';

test('when the reader goes away, every write under way is told, and every later one', async () => {
  const held: ((error?: Error) => void)[] = [];
  const stream = new Writable({ write: (_chunk, _encoding, done) => void held.push(done) });
  const output = outputTo(stream);
  const writes = [output.write('a'), output.write('b')];
  held[0]!(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
  const ends = await Promise.allSettled(writes);
  expect(ends.map((end) => end.status === 'rejected' && end.reason instanceof ClosedOutputError)).toEqual([true, true]);
  await expect(output.write('c')).rejects.toThrow(ClosedOutputError);
});
