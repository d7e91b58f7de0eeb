import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from '@jest/globals';
import { dataMessage } from '../../test/readable.ts';
import { message, report } from '../../test/reports.ts';
import {
  bodyOf,
  durations,
  expectContract,
  firehose,
  HEADERS,
  KEY,
  type Listening,
  listeners,
  post,
  REQUEST_ID,
  send,
} from './listen.fixture.ts';

const CONFIG = `firehose: {accessKey: "${KEY}"}`;
const { started, stopAll } = listeners(CONFIG);
afterEach(stopAll);

describe('the contract of Firehose', () => {
  test('what is safe is acknowledged with the id of the request and a time, to the letter', async () => {
    const one = await started();
    one.now.ms = 1795255300000.25;
    const got = await post(one, [message(1)]);
    expect(got.body.toString()).toBe(`{"requestId":"${REQUEST_ID}","timestamp":1795255300000}`);
    expectContract(got, 200);
    expect(durations(one)).toEqual([1]);
  });

  test.each([
    ['gzip records', [gzipSync(message(1)), gzipSync(message(2))], {}],
    ['plain records', [message(1), message(2)], {}],
    ['several messages in a record, nothing between', [message(1) + message(2)], {}],
    ['several messages in a gzip record', [gzipSync(message(1) + message(2))], {}],
    ['several gzips in a record', [Buffer.concat([gzipSync(message(1)), gzipSync(message(2))])], {}],
    ['a body that is packed', [message(1), message(2)], { isGzip: true }],
    ['records that end with a line feed', [`${message(1)}\n`, `${message(2)}\n`], {}],
  ])('%s', async (_what, records, sending) => {
    const one = await started();
    expectContract(await post(one, records, sending), 200);
    expect(durations(one)).toEqual([1, 2]);
    expect(one.rejects()).toEqual([]);
  });

  test('control messages are acknowledged and leave nothing', async () => {
    const one = await started();
    const control = dataMessage(['CWL CONTROL MESSAGE: Checking health of destination Firehose.'], {
      messageType: 'CONTROL_MESSAGE',
      owner: 'CloudwatchLogs',
      logGroup: '',
      logStream: '',
    });
    expectContract(await post(one, [gzipSync(control)]), 200);
    expect([one.fragments(), one.rejects()]).toEqual([[], []]);
  });

  test('no records at all are fine', async () => expectContract(await post(await started(), []), 200));

  test('raw lines of Lambda belong to the group that the common attributes name, dated as they say or as they were sent', async () => {
    const one = await started();
    const commonAttributes = { logGroup: '/aws/lambda/pay', region: 'us-east-2' };
    const json =
      '{"time":"2026-11-21T10:00:00.000Z","type":"platform.start","record":{"requestId":"r-1","version":"7"}}';
    const headers = { 'x-amz-firehose-common-attributes': JSON.stringify({ commonAttributes }) };
    expectContract(await post(one, [`${json}\n`, report(3)], { headers }), 200);
    expect(one.fragments()).toEqual([
      expect.objectContaining({ kind: 'start', fn: 'aws/123456789012/us-east-2/pay', time: 1795255200000, id: 'r-1' }),
      expect.objectContaining({ kind: 'report', fn: 'aws/123456789012/us-east-2/pay', time: 1795255260000 }),
    ]);
  });

  test('the region is that of the stream where nothing else tells it', async () => {
    const one = await started();
    await post(one, [message(1)]);
    expect(one.fragments()[0]).toMatchObject({ fn: 'aws/123456789012/eu-central-1/checkout-api' });
  });

  test.each([
    ['no key', { 'x-amz-firehose-access-key': '' }, 401, 'X-Amz-Firehose-Access-Key is missing'],
    ['another key', { 'x-amz-firehose-access-key': `${KEY}r` }, 403, 'X-Amz-Firehose-Access-Key is not one of ours'],
    ['part of the key', { 'x-amz-firehose-access-key': KEY.slice(1) }, 403, /not one of ours/],
    ['a key of 4,097 bytes', { 'x-amz-firehose-access-key': 'k'.repeat(4097) }, 403, /not one of ours/],
    [
      'another version',
      { 'x-amz-firehose-protocol-version': '2.0' },
      400,
      'X-Amz-Firehose-Protocol-Version is not 1.0',
    ],
    ['another type', { 'content-type': 'text/plain' }, 415, 'content-type must be application/json'],
    ['another encoding', { 'content-encoding': 'br' }, 415, 'content-encoding must be gzip or identity'],
    [
      'common attributes that are none',
      { 'x-amz-firehose-common-attributes': '{' },
      400,
      /^X-Amz-Firehose-Common-Attributes is not/,
    ],
  ])('%s is refused', async (_what, headers, status, why) => {
    const one = await started();
    expectContract(await post(one, [message(1)], { headers }), status, why);
    expect(one.fragments()).toEqual([]);
    expect(one.logged.join('')).not.toContain(KEY);
  });

  test('without a key in the config nobody is asked, if that is said to be meant', async () => {
    const one = await started('insecure: true, firehose: {}');
    expectContract(await post(one, [message(1)], { headers: { 'x-amz-firehose-access-key': '' } }), 200);
  });

  test('one of several keys will do, while one replaces the other', async () => {
    const one = await started(`firehose: {accessKey: [new, "${KEY}"]}`);
    expectContract(await post(one, []), 200);
    expectContract(await post(one, [], { headers: { 'x-amz-firehose-access-key': 'new' } }), 200);
    expectContract(await post(one, [], { headers: { 'x-amz-firehose-access-key': 'old' } }), 403, /not one of ours/);
  });

  test('a key of 4,096 bytes and 50 common attributes at their longest fit into the headers', async () => {
    const key = 'k'.repeat(4096);
    const one = await started(`firehose: {accessKey: "${key}"}`);
    const attributes = Array.from({ length: 50 }, (_, i) => [`${i}`.padEnd(256, 'k'), 'v'.repeat(1024)]);
    const headers = {
      'x-amz-firehose-access-key': key,
      'x-amz-firehose-common-attributes': JSON.stringify({ commonAttributes: Object.fromEntries(attributes) }),
    };
    expectContract(await post(one, [message(1)], { headers }), 200);
  });
});

describe('bodies that are not what they should be', () => {
  const sendBody = (one: Listening, body: Uint8Array, headers: Record<string, string> = {}) =>
    send(`${one.url}/firehose`, { headers: { ...HEADERS(REQUEST_ID), ...headers }, body });
  const whole = firehose([message(1)]).body as Buffer;

  test.each([
    ['nothing', Buffer.alloc(0), {}, 'the body cannot be read: truncated JSON'],
    ['half of it', whole.subarray(0, -9), {}, 'the body cannot be read: truncated JSON'],
    [
      'another id than in the header',
      whole,
      { 'x-amz-firehose-request-id': 'other' },
      'requestId is not that of X-Amz-Firehose-Request-Id',
    ],
    ['truncated gzip', gzipSync(whole).subarray(0, -9), { 'content-encoding': 'gzip' }, 'truncated gzip'],
    ['what is no gzip', whole, { 'content-encoding': 'gzip' }, 'damaged gzip'],
    ['deep JSON', Buffer.from(`{"a":${'['.repeat(100_000)}`), {}, 'the body cannot be read: more than 32 levels'],
    [
      '10,001 records',
      firehose(Array(10_001).fill('')).body as Buffer,
      {},
      'the body cannot be read: more than 10000 records',
    ],
  ])('%s: 400, and nothing of it is kept', async (_what, body, headers, why) => {
    const one = await started();
    const got = await sendBody(one, body, headers);
    expect([got.status, bodyOf(got)['errorMessage']]).toEqual([400, why]);
    expect(one.fragments()).toEqual([]);
  });

  test('records that are garbage are kept rejects, and their neighbours are read', async () => {
    const one = await started();
    const bodies = [
      message(1),
      gzipSync(message(2)).subarray(0, -9),
      Buffer.concat([gzipSync('x').subarray(0, 10), Buffer.from('garbage')]),
      message(3).slice(0, -9),
      `{"messageType":"DATA_MESSAGE","x":${'['.repeat(10_000)}`,
      Buffer.from([0, 1, 2, 3]),
      message(4),
    ];
    const sending = firehose(bodies);
    const body = Buffer.from((sending.body as Buffer).toString().replace('"data":"', '"data":"*"},{"data":"'));
    expectContract(await send(`${one.url}/firehose`, { ...sending, body }), 200);
    expect(durations(one)).toEqual([1, 4]);
    expect(one.rejects().map(({ reason, origin }) => `${origin.replace(REQUEST_ID, 'ID')}: ${reason}`)).toEqual([
      'firehose ID #0: record data is not base64',
      'firehose ID #2: truncated gzip',
      'firehose ID #3: damaged gzip',
      'firehose ID #4: truncated JSON',
      'firehose ID #5: malformed JSON',
      'firehose ID #6: binary data',
    ]);
  });

  test('65 MiB: 413, by what it says of itself or by what comes', async () => {
    const one = await started();
    const chunk = Buffer.alloc(1 << 20, 0x20);
    const headers = HEADERS(REQUEST_ID);
    const chunks = async function* () {
      for (let i = 0; i < 65; i++) yield chunk;
    };
    const told = { ...headers, 'content-length': String(65 << 20) };
    expectContract(
      await send(`${one.url}/firehose`, { headers: told, body: chunks() }),
      413,
      'the body is larger than 64 MiB',
    );
    expectContract(
      await send(`${one.url}/firehose`, { headers, body: chunks() }),
      413,
      'the body is larger than 64 MiB',
    );
  });

  test('gzip that unpacks to more: 413 for a body, a reject for a record', async () => {
    const one = await started(`maxBodyMb: 1, ${CONFIG}`);
    const bomb = gzipSync(Buffer.alloc(80 << 20, 0x20));
    expectContract(await sendBody(one, bomb, { 'content-encoding': 'gzip' }), 413, 'the body is larger than 1 MiB');
    expectContract(await post(one, [bomb, message(1)]), 200);
    expect(one.rejects().map(({ reason }) => reason)).toEqual(['record unpacks to too much']);
    expect(durations(one)).toEqual([1]);
  });

  test('a body that drips is given up', async () => {
    const one = await started(`timeoutMs: 1000, ${CONFIG}`);
    let isOver = false;
    const drip = async function* () {
      while (!isOver) {
        yield Buffer.from(' ');
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    };
    const got = await send(`${one.url}/firehose`, { headers: HEADERS(REQUEST_ID), body: drip() });
    isOver = true;
    expectContract(got, 408, 'the body took too long');
    expect(got.headers.connection).toBe('close');
  });

  test('other methods and paths', async () => {
    const one = await started();
    const get = await send(`${one.url}/firehose`, { method: 'GET' });
    expect([get.status, get.headers.allow]).toEqual([405, 'POST']);
    expect((await send(`${one.url}/`, firehose([]))).status).toBe(404);
    const health = await send(`${one.url}/healthz`, { method: 'GET' });
    expect([health.status, health.body.toString()]).toEqual([200, '{"status":"alive"}']);
  });
});
