import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { afterAll, expect, test } from '@jest/globals';
import type { Bus, BusBatch } from './bus.ts';
import { bytes, take } from './bus-contract.fixture.ts';
import { openKafkaTopics } from './bus-kafka.ts';
import { closeKafka, describeKafka, freshOptions, openTopics, Reading, retire } from './kafka.fixture.ts';

afterAll(closeKafka);

const ack = (batch: BusBatch) => batch.ack();
const numbers = (count: number) => Array.from({ length: count }, (_, i) => String(i));

/** Publishes 0, 1, 2 … to every partition until it is told to stop. @returns how many then */
function publishNumbers(bus: Bus): { stop: () => Promise<number> } {
  let stopped = false;
  const run = async () => {
    let count = 0;
    for (; !stopped; count++) await bus.publishToAll(bytes(String(count)));
    return count;
  };
  const running = run();
  return {
    stop: async () => {
      stopped = true;
      return await running;
    },
  };
}

describeKafka('groups on Kafka', () => {
  test('members share the partitions, only what must moves, and nothing is lost or read twice', async () => {
    const options = freshOptions();
    const one = (await openTopics({ partitions: 4, options })).fragments;
    const two = (await openTopics({ partitions: 4, options })).fragments;
    const publishing = publishNumbers(one);
    const a = new Reading(one, 'g', ack);
    await a.until(() => a.has.length === 4 && a.got.every((list) => list.length > 0));
    const b = new Reading(two, 'g', ack);
    await Promise.all([a.until(() => a.has.length === 2), b.until(() => b.has.length === 2)]);
    expect([...a.has, ...b.has].sort((x, y) => x - y)).toEqual([0, 1, 2, 3]);
    await b.until(() => b.has.every((partition) => b.got[partition]!.length > 0));
    expect(a.asked).toEqual([0, 1, 2, 3]); // never again of those that it kept
    await a.stop();
    await b.until(() => b.has.length === 4);
    const count = await publishing.stop();
    await b.until(() => b.got.every((list) => list.at(-1) === String(count - 1)));
    await b.stop();
    for (let partition = 0; partition < 4; partition++) {
      expect([...a.got[partition]!, ...b.got[partition]!]).toEqual(numbers(count));
    }
  });

  test('before a partition is handed over what was read of it can be acked: the next member goes on behind', async () => {
    const options = freshOptions();
    const one = (await openTopics({ partitions: 2, options })).fragments;
    const two = (await openTopics({ partitions: 2, options })).fragments;
    for (const text of ['a', 'b', 'c']) await one.publishToAll(bytes(text));
    const last = new Map<number, BusBatch>();
    const save = async () => {
      for (const partition of a.has) await last.get(partition)!.ack();
    };
    const a: Reading = new Reading(one, 'g', (batch) => last.set(batch.partition, batch), save);
    await a.until(() => a.got.every((list) => list.length === 3));
    const b = new Reading(two, 'g', ack);
    await b.until(() => b.has.length === 1);
    await one.publishToAll(bytes('d'));
    await b.until(() => b.got.flat().length > 0);
    expect(b.got.flat()).toEqual(['d']);
    const moved = [...last.values()].find(({ partition }) => b.has.includes(partition))!;
    await expect(moved.ack()).rejects.toMatchObject({ code: 'NOT_OWNER' });
    await a.stop(); // asks to save once more: what it still has
    await b.until(() => b.has.length === 2);
    await b.stop();
    await expect(last.get(0)!.ack()).rejects.toMatchObject({ code: 'NOT_OWNER' });
  });

  test('a member that stood still past its session finds that it has lost its partition', async () => {
    const options = freshOptions();
    const bus = (await openTopics({ options })).fragments;
    for (const text of ['a', 'b', 'c']) await bus.publish(0, bytes(text));
    const child = spawn(
      process.execPath,
      ['--import', 'tsx', 'infra/kafka-child.fixture.ts', JSON.stringify(options)],
      {
        stdio: ['pipe', 'pipe', 'inherit'],
      },
    );
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const said = async () => (await lines.next()).value;
    try {
      expect([await said(), await said()]).toEqual(['has 0', 'got a']);
      child.stdin.write('ack\n');
      expect([await said(), await said()]).toEqual(['acked', 'got b']);
      child.kill('SIGSTOP');
      const successor = new Reading(bus, 'g', ack);
      await successor.until(() => successor.got[0]!.length === 2);
      child.kill('SIGCONT');
      child.stdin.write('ack\n');
      expect(await said()).toBe('NOT_OWNER');
      expect(successor.got[0]).toEqual(['b', 'c']);
      await successor.stop();
    } finally {
      child.kill('SIGKILL');
    }
  });

  test('where retention has passed what a group needs it is told so, again and again; a new group begins at what is left', async () => {
    const bus = (await openTopics()).fragments;
    for (const text of ['a', 'b', 'c', 'd']) await bus.publish(0, bytes(text));
    expect(await take(bus, 'g', 1, ack, { maxBatchBytes: 1 })).toEqual(['0:a']);
    await retire(bus, 0, 3);
    for (let attempt = 0; attempt < 2; attempt++) {
      await expect(take(bus, 'g', 1)).rejects.toMatchObject({
        code: 'OFFSET_GONE',
        message: expect.stringContaining('only 3 to 4'),
      });
    }
    expect(await take(bus, 'new', 1)).toEqual(['0:d']);
    expect(await take(bus, 'g', 1, ack, { startAt: () => 3 })).toEqual(['0:d']);
  });

  test('while a reader has a batch in hand its group waits for it', async () => {
    const options = freshOptions();
    const one = (await openTopics({ partitions: 2, options })).fragments;
    const two = (await openTopics({ partitions: 2, options })).fragments;
    await one.publishToAll(bytes('a'));
    let release = () => {};
    let asked = false;
    const held = new Promise<void>((resolve) => (release = resolve));
    const a = new Reading(
      one,
      'g',
      async (batch) => {
        await held;
        expect(asked).toBe(false);
        await batch.ack();
      },
      async () => {
        asked = true;
      },
    );
    await a.until(() => a.has.length === 2);
    const b = new Reading(two, 'g', ack);
    release();
    await b.until(() => b.has.length === 1);
    expect(asked).toBe(true);
    await b.until(() => a.got.flat().length + b.got.flat().length === 2);
    await Promise.all([a.stop(), b.stop()]);
    expect([...a.got.flat(), ...b.got.flat()]).toEqual(['a', 'a']);
  });
});

describeKafka('a topic of Kafka', () => {
  test('keeps the order of many calls that nobody waits for, in whatever batches they travel', async () => {
    const bus = (await openTopics({ partitions: 2, hooks: { maxWaitingBytes: 10_000 } })).fragments;
    const calls = Array.from({ length: 3_000 }, (_, i) => bus.publish(i % 2, bytes(String(i), `${i}+`)));
    const reading = new Reading(bus, 'g', () => {});
    await Promise.all(calls);
    await reading.until(() => reading.got.every((list) => list.length === 3_000));
    await reading.stop();
    for (const partition of [0, 1]) {
      const expected = numbers(3_000).filter((n) => Number(n) % 2 === partition);
      expect(reading.got[partition]).toEqual(expected.flatMap((n) => [n, `${n}+`]));
    }
  });

  test('refuses a record that is larger than it takes, and goes on', async () => {
    const bus = (await openTopics()).fragments;
    const large = new Uint8Array(5_000_000);
    await expect(bus.publish(0, [...bytes('a'), large])).rejects.toMatchObject({
      code: 'REFUSED',
      message: expect.stringMatching(/5000000 bytes is larger than .*fragments/),
    });
    const wide = Array.from({ length: 3 }, () => new Uint8Array(3_000_000)); // together larger than one batch may be
    await bus.publish(0, wide);
    await bus.publish(0, bytes('b'));
    expect((await take(bus, 'g', 4)).map((text) => text.length)).toEqual([3_000_002, 3_000_002, 3_000_002, 3]);
  });

  test('that is missing, and brokers that are, are clear errors', async () => {
    const options = freshOptions({ connectionTimeoutMs: 1_000 });
    await expect(openKafkaTopics(options)).rejects.toMatchObject({
      code: 'NO_SUCH_TOPIC',
      message: `there is no topic ${options.prefix}.fragments: run \`tripline setup\``,
    });
    const nobody = { ...options, brokers: ['127.0.0.1:9'] };
    await expect(openKafkaTopics(nobody)).rejects.toMatchObject({
      code: 'UNREACHABLE',
      message: expect.stringContaining('127.0.0.1:9'),
    });
    const bus = (await openTopics()).fragments;
    await expect(take(bus, 'g', 1, ack, { partitions: [0] })).rejects.toMatchObject({ code: 'REFUSED' });
  });

  test('has groups of its own: one that reads another topic already is refused', async () => {
    const topics = await openTopics();
    const reading = new Reading(topics.alerts, 'g', ack);
    await reading.until(() => reading.has.length === 1);
    await expect(take(topics.fragments, 'g', 1)).rejects.toMatchObject({
      code: 'REFUSED',
      message: expect.stringContaining('INCONSISTENT_GROUP_PROTOCOL'),
    });
    await reading.stop();
  });
});
