import { afterEach, describe, expect, test } from '@jest/globals';
import { type Fault, openReceiver, type Receiver } from '../../test/receivers/receiver.ts';
import { type HttpAnswer, openHttp, retryAfter } from './http.ts';

const NOW_MS = Date.UTC(2026, 10, 20, 2, 14, 30);
const SECRET = 'hidden-in-the-url';
const never = new AbortController().signal;

let receiver: Receiver | null = null;
afterEach(async () => {
  await receiver?.close();
  receiver = null;
});

const http = (timeoutMs = 5000) => openHttp({ timeoutMs, allowPrivate: ['127.0.0.1'] }, { nowMs: () => NOW_MS });

async function ask(fault: Fault | null, timeoutMs?: number, wantsText = () => true): Promise<HttpAnswer> {
  receiver = await openReceiver(() => ({ status: 200, body: 'ok' }));
  if (fault !== null) receiver.fail(fault);
  const headers = { authorization: `Bearer ${SECRET}` };
  return await http(timeoutMs)(
    { url: `${receiver.url}/${SECRET}?key=${SECRET}`, body: '{}', headers, wantsText },
    never,
  );
}

test('a request and its answer', async () => {
  expect(await ask(null)).toMatchObject({ kind: 'answer', status: 200, text: 'ok', isWhole: true, retryAfterMs: 0 });
  expect(receiver?.received).toMatchObject([
    { method: 'POST', path: `/${SECRET}?key=${SECRET}`, body: '{}', headers: { 'content-length': '2', 'user-agent': 'tripline' } },
  ]);
}); // biome-ignore format: as a table

describe('what goes wrong', () => {
  test.each<[string, Fault, number, object]>([
    ['a connection that is cut', 'reset', 5000, { kind: 'failed', why: expect.stringMatching(/^127\.0\.0\.1:\d+: the connection was cut \(ECONNRESET\)$/) }],
    ['an answer that is cut off', 'lost-answer', 5000, { kind: 'failed', why: expect.stringMatching(/the connection was cut/) }],
    ['no answer at all', 'silence', 150, { kind: 'failed', why: expect.stringMatching(/: no answer within 0\.15 s$/) }],
    ['what is not HTTP', 'not-http', 5000, { kind: 'failed', why: expect.stringMatching(/does not speak HTTP \(HPE_/) }],
    ['headers without an end', 'endless-headers', 5000, { kind: 'failed', why: expect.stringMatching(/does not speak HTTP \(HPE_HEADER_OVERFLOW\)/) }],
    ['a text that drips', 'slow-drip', 200, { kind: 'answer', status: 200, isWhole: false }],
    ['a text without an end', 'huge-body', 5000, { kind: 'answer', status: 200, isWhole: false }],
    ['a text that is cut off', 'cut-body', 5000, { kind: 'answer', status: 200, isWhole: false }],
    ['a redirect, which is not followed', { status: 302, headers: { location: 'http://127.0.0.1:1/' } }, 5000, { kind: 'answer', status: 302 }],
    ['a pause that is asked for', { status: 429, headers: { 'retry-after': '7' } }, 5000, { kind: 'answer', status: 429, retryAfterMs: 7000 }],
  ])('%s', async (_name, fault, timeoutMs, expected) => {
    const answer = await ask(fault, timeoutMs);
    expect(answer).toMatchObject(expected);
    expect(JSON.stringify(answer)).not.toContain(SECRET);
    expect(receiver?.received).toHaveLength(1);
  }); // biome-ignore format: a table

  test('a text that nobody wants is not waited for', async () => {
    expect(await ask('slow-drip', 60_000, () => false)).toMatchObject({ kind: 'answer', status: 200, text: '' });
  });

  test('nobody who listens', async () => {
    const gone = await openReceiver(() => ({ status: 200 }));
    await gone.close();
    const answer = await http()({ url: `${gone.url}/${SECRET}` }, never);
    expect(answer).toEqual({ kind: 'failed', why: `${new URL(gone.url).host}: nobody listens there (ECONNREFUSED)` });
  });

  test('an end that comes from us is no failure of theirs', async () => {
    receiver = await openReceiver(() => ({ status: 200 }));
    receiver.fail('silence');
    const end = new AbortController();
    const asked = http()({ url: receiver.url }, end.signal);
    setTimeout(() => end.abort(), 50);
    await expect(asked).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }));
    await expect(http()({ url: receiver.url }, end.signal)).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }));
  }); // biome-ignore format: one line each
});

describe('addresses that are not public', () => {
  const asked: string[] = [];
  const guarded = (allowPrivate: string[], answers: readonly string[]) =>
    openHttp(
      { timeoutMs: 5000, allowPrivate },
      {
        nowMs: () => NOW_MS,
        resolve: async (hostname) => {
          asked.push(hostname);
          return answers.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
        },
      },
    );

  test.each([
    ['http://localhost:PORT/x', ['127.0.0.1']],
    ['http://hooks.example:PORT/x', ['127.0.0.1']],
    ['http://hooks.example:PORT/x', ['93.184.216.34', '127.0.0.1']],
    ['http://hooks.example:PORT/x', ['::ffff:127.0.0.1']],
    ['http://hooks.example:PORT/x', ['169.254.169.254']],
    ['http://127.0.0.1:PORT/x', []],
    ['http://2130706433:PORT/x', []],
    ['http://0x7f.1:PORT/x', []],
    ['http://0177.0.0.1:PORT/x', []],
    ['http://0:PORT/x', []],
    ['http://[::1]:PORT/x', []],
    ['http://[::ffff:127.0.0.1]:PORT/x', []],
    ['http://[64:ff9b::7f00:1]:PORT/x', []],
    ['http://[fe80::1]:PORT/x', []],
  ])('%s that is at %j is not reached', async (url, answers) => {
    receiver = await openReceiver(() => ({ status: 200 }));
    const target = url.replace('PORT', new URL(receiver.url).port);
    const answer = await guarded(['other.example'], answers)({ url: target }, never);
    expect(answer).toMatchObject({ kind: 'forbidden', why: expect.stringMatching(/is meant, allow it by name/) });
    expect(receiver.received).toHaveLength(0);
  });

  test('but by name, and the address that was checked is the one that is connected to', async () => {
    receiver = await openReceiver(() => ({ status: 200 }));
    asked.length = 0;
    const target = receiver.url.replace('127.0.0.1', 'hooks.example');
    const send = guarded(['hooks.example'], ['127.0.0.1']);
    expect(await send({ url: target }, never)).toMatchObject({ kind: 'answer', status: 200 });
    expect(asked).toEqual(['hooks.example']); // once: no second look-up can answer otherwise
    expect(receiver.received[0]?.headers).toMatchObject({ host: new URL(target).host });
  });

  test('a name that has no address is tried again', async () => {
    expect(await guarded([], [])({ url: 'http://hooks.example/x' }, never)).toEqual({
      kind: 'failed',
      why: 'hooks.example: no such host (ENOTFOUND)',
    });
  });
});

test.each([
  [undefined, 0],
  ['30', 30_000],
  [' 1 ', 1000],
  ['0', 0],
  ['-5', 0],
  ['soon', 0],
  ['1e9', 0],
  ['999999999', 3_600_000],
  ['99999999999999999999', 0],
  ['Fri, 20 Nov 2026 02:15:00 GMT', 30_000],
  ['Fri, 20 Nov 2026 02:14:00 GMT', 0],
  ['Fri, 20 Nov 2099 02:14:00 GMT', 3_600_000],
])('Retry-After: %p asks for %p ms', (header, ms) => {
  expect(retryAfter(header, NOW_MS)).toBe(ms);
});
