import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeEach, expect, test } from '@jest/globals';
import { BusError } from './bus.ts';
import { bytes } from './bus-contract.fixture.ts';
import { closeKafka, describeKafka, freshOptions, openTopics, Reading } from './kafka.fixture.ts';

const RECORDS = 1_500;
let data = '';
let broker: ChildProcess | null = null;

/** A broker of this test's own, on `data`. @returns its port */
async function start(port: number): Promise<number> {
  // a group of its own: kill -9 has to reach the Java process behind the script
  broker = spawn('infra/kafka/dev-broker', ['--data', data, '--port', String(port)], {
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of createInterface({ input: broker.stdout! })) return Number(line.split(':')[1]);
  throw new Error('the broker did not start');
}

async function kill(signal: NodeJS.Signals): Promise<void> {
  if (broker === null) return;
  const ended = once(broker, 'exit');
  process.kill(-broker.pid!, signal);
  await ended;
  broker = null;
}

describeKafka('a broker that is killed and comes back', () => {
  beforeEach(async () => {
    data = await mkdtemp(join(tmpdir(), 'kafka-data-'));
  });
  afterEach(async () => {
    await closeKafka();
    await kill('SIGKILL');
    await rm(data, { recursive: true, force: true });
  });
  afterAll(closeKafka);

  test('loses nothing and changes no order, whatever was under way', async () => {
    const port = await start(0);
    const options = freshOptions({
      brokers: [`127.0.0.1:${port}`],
      requestTimeoutMs: 5_000,
      connectionTimeoutMs: 2_000,
    });
    const troubles: string[] = [];
    const hooks = { onTrouble: (message: string) => troubles.push(message) };
    const bus = (await openTopics({ partitions: 2, options, hooks })).fragments;
    // a broker that was killed may have forgotten its members: what they had is read again
    const reading = new Reading(bus, 'g', (batch) => batch.ack().catch(unlessNotOwner));
    const calls: Promise<void>[] = [];
    const publish = (from: number, to: number) => {
      for (let i = from; i < to; i++) calls.push(bus.publishToAll(bytes(String(i))));
    };
    publish(0, RECORDS / 3);
    await reading.until(() => reading.got.every((list) => list.length > 10));
    publish(RECORDS / 3, (2 * RECORDS) / 3);
    await kill('SIGKILL');
    publish((2 * RECORDS) / 3, RECORDS);
    await start(port);
    await Promise.all(calls);
    await reading.until(() => reading.got.every((list) => list.at(-1) === String(RECORDS - 1)));
    await reading.stop();
    for (const list of reading.got) {
      const once = list.filter((text, i) => list.indexOf(text) === i);
      expect(once).toEqual(Array.from({ length: RECORDS }, (_, i) => String(i)));
    }
    expect(troubles.join('\n')).toMatch(/publishing to Kafka at 127.0.0.1:\d+: works again after/);
  });
});

function unlessNotOwner(error: unknown): void {
  if (!(error instanceof BusError && error.code === 'NOT_OWNER')) throw error;
}
