import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { StorageError } from '../../infra/storage-error.ts';
import { dataMessage, parseAll } from '../../test/readable.ts';
import { message, report } from '../../test/reports.ts';
import {
  durations,
  expectContract,
  firehose,
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

describe('what is acknowledged', () => {
  /** Resolves when the bus was asked to take something more. */
  const asked = async (one: Listening, times: number) => {
    while (one.fragmentBus.asked < times) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  const held = (bus: { gate: Promise<void> }) => {
    let release = () => {};
    bus.gate = new Promise((resolve) => {
      release = resolve;
    });
    return release;
  };

  test('is safe: not before the fragments are', async () => {
    const one = await started();
    const release = held(one.fragmentBus);
    let isAnswered = false;
    const got = post(one, [message(1)]).finally(() => {
      isAnswered = true;
    });
    await asked(one, 1);
    expect((await send(`${one.url}/healthz`, { method: 'GET' })).status).toBe(200);
    expect([isAnswered, one.fragments()]).toEqual([false, []]);
    release();
    expectContract(await got, 200);
    expect(durations(one)).toEqual([1]);
  });

  test('is safe: not before the dead letters are', async () => {
    const one = await started();
    const release = held(one.rejectBus);
    let isAnswered = false;
    const got = post(one, [message(1), '{"messageType":']).finally(() => {
      isAnswered = true;
    });
    while (one.rejectBus.asked === 0 || one.fragments().length === 0) await new Promise((next) => setTimeout(next, 5));
    expect((await send(`${one.url}/healthz`, { method: 'GET' })).status).toBe(200);
    expect(isAnswered).toBe(false);
    release();
    expectContract(await got, 200);
    expect(one.rejects()).toHaveLength(1);
  });

  test('is refused with 503 while the bus takes nothing, and taken when it comes again', async () => {
    const one = await started();
    one.fragmentBus.failure = new StorageError('DISK_FULL', 'cannot write: the disk is full');
    const got = await post(one, [message(1)]);
    expectContract(got, 503, 'cannot be made safe now');
    expect(got.headers['retry-after']).toBe('1');
    one.fragmentBus.failure = null;
    expectContract(await post(one, [message(1)]), 200);
    expect(durations(one)).toEqual([1]);
  });

  test('of many requests at once is all of what they brought, whichever flush fails', async () => {
    const one = await started();
    const answers: { id: number; status: number }[] = [];
    const one1 = async (id: number) => {
      const got = await post(one, [message(id)], { requestId: `r-${id}` });
      answers.push({ id, status: got.status });
    };
    const first = Array.from({ length: 20 }, (_, i) => one1(i + 1));
    await asked(one, 1);
    one.fragmentBus.failure = new StorageError('DISK_FULL', 'cannot write: the disk is full');
    const second = Array.from({ length: 20 }, (_, i) => one1(i + 21));
    await Promise.race(second);
    one.fragmentBus.failure = null;
    await Promise.all([...first, ...second]);
    const safe = new Set(durations(one));
    expect(answers).toHaveLength(40);
    expect(answers.filter(({ id, status }) => status === 200 && !safe.has(id))).toEqual([]);
    expect(answers.filter(({ status }) => status !== 200).every(({ status }) => status === 503)).toBe(true);
  });

  test('is done once: what comes again is answered without being read, while it is under way waited for', async () => {
    const one = await started();
    const release = held(one.fragmentBus);
    const both = [post(one, [message(1)]), post(one, [message(1)])];
    await asked(one, 1);
    release();
    for (const got of await Promise.all(both)) expectContract(got, 200);
    const unreadable = { ...firehose([]), body: Buffer.from('not what it was') };
    expectContract(await send(`${one.url}/firehose`, unreadable), 200);
    expect(durations(one)).toEqual([1]);
  });

  test('one that failed is done again when it comes again', async () => {
    const one = await started();
    const broken = { ...firehose([message(1)]), body: Buffer.from('{') };
    expectContract(await send(`${one.url}/firehose`, broken), 400, /truncated/);
    expectContract(await post(one, [message(1)]), 200);
    expect(durations(one)).toEqual([1]);
  });

  test('is answered at the end, while what comes new is refused', async () => {
    const one = await started();
    const release = held(one.fragmentBus);
    const got = post(one, [message(1)]);
    await asked(one, 1);
    await one.begin();
    release();
    expectContract(await got, 200);
    expect(durations(one)).toEqual([1]);
  });
});

describe('limits', () => {
  test('requests beyond those that may be under way are asked to come again', async () => {
    const one = await started(`maxRequests: 1, ${CONFIG}`);
    let release = () => {};
    one.fragmentBus.gate = new Promise((resolve) => {
      release = resolve;
    });
    const first = post(one, [message(1)]);
    while (one.fragmentBus.asked === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    const got = await post(one, [message(2)]);
    expectContract(got, 503, 'too many requests are under way');
    expect(got.headers['retry-after']).toBe('1');
    release();
    expectContract(await first, 200);
    expectContract(await post(one, [message(2)], { requestId: REQUEST_ID }), 200);
  });

  test('so are bodies for which there is no room', async () => {
    const one = await started(`maxInFlightMb: 1, ${CONFIG}`);
    let release = () => {};
    one.fragmentBus.gate = new Promise((resolve) => {
      release = resolve;
    });
    const large = ' '.repeat(700_000);
    const first = post(one, [message(1), large], { requestId: 'first' });
    while (one.fragmentBus.asked === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expectContract(await post(one, [large]), 503, 'too much is under way');
    release();
    expect((await first).status).toBe(200);
    expectContract(await post(one, [large]), 200);
  });

  test('and an address that calls too often', async () => {
    const one = await started(`requestsPerSecond: 1, ${CONFIG}`);
    let got = await post(one, []);
    expect(got.status).toBe(200);
    while (got.status === 200) got = await post(one, []);
    expectContract(got, 429, 'too many requests of this address');
    expect(got.headers['retry-after']).toBe('1');
  });
});

describe('events', () => {
  test('give the same fragments however they are divided into requests, records, gzip and messages', async () => {
    const one = await started(`requestsPerSecond: 100000, ${CONFIG}`);
    let turn = 0;
    const event = fc.record({
      message: fc.integer({ min: 1, max: 60 }),
      isSplit: fc.boolean(),
      isNewRecord: fc.boolean(),
      isGzip: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(event, { minLength: 1, maxLength: 12 }), fc.boolean(), async (events, isGzip) => {
        const messages: string[][] = [];
        const records: { text: string; isGzip: boolean }[] = [];
        for (const { message: n, isSplit } of events) {
          if (isSplit || messages.length === 0) messages.push([]);
          messages.at(-1)!.push(report(n));
        }
        for (const [i, texts] of messages.entries()) {
          const text = dataMessage(texts);
          if (records.length === 0 || events[i]!.isNewRecord) records.push({ text: '', isGzip: events[i]!.isGzip });
          records.at(-1)!.text += text;
        }
        one.fragmentBus.records.length = 0;
        const bodies = records.map((record) => (record.isGzip ? gzipSync(record.text) : record.text));
        const got = await post(one, bodies, { requestId: `turn-${turn++}`, isGzip });
        expect(got.status).toBe(200);
        const file = parseAll(messages.map((texts) => dataMessage(texts)).join('\n'), { region: 'eu-central-1' });
        expect(one.fragments()).toEqual(file.fragments);
      }),
      { numRuns: 50 },
    );
  });
});
