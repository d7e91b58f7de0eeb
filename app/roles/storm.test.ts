import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, jest, test } from '@jest/globals';
import { alert, START_MS, settings } from '../../alerts/desk.fixture.ts';
import { MOST_WITH_CRITICAL } from '../../alerts/desk-book.ts';
import type { Notice } from '../../alerts/notice.ts';
import type { Delivery, Sink } from '../../alerts/sinks/sink.ts';
import type { Bus } from '../../infra/bus.ts';
import { createMemoryTopics } from '../../infra/topics-local.ts';
import type { AttemptClock } from './attempts.ts';
import { DeadLetterBox } from './dead-letters.ts';
import { RECENT_DELIVERIES } from './delivery-state.ts';
import { DeskStage } from './desk-stage.ts';
import { stageOf } from './fixtures/deliveries.ts';
import { encodeAlert, encodeTime } from './messages.ts';
import { sinkOutlet } from './outlet.ts';

jest.setTimeout(60_000);

const ALERTS = 50_000;
const CRITICAL_EVERY = 2_500;
const SEND_MS = 1000;
const BATCH = 500;
const MINUTE_MS = 60_000;
/** What the desk follows at most takes about 2 KB each; the rest is counted. */
const MOST_HEAP_BYTES = 250e6;

setFlagsFromString('--expose_gc');
const collectGarbage = runInNewContext('gc') as () => void;
const heapBytes = () => {
  collectGarbage();
  return process.memoryUsage().heapUsed;
};

interface Arrived {
  readonly notice: Notice;
  readonly atMs: number;
}

/** A receiver that takes a second for each, on a clock that is never behind event time. */
function slowReceiver() {
  const arrived: Arrived[] = [];
  let nowMs = 0;
  const clock: AttemptClock = {
    nowMs: () => nowMs,
    random: () => 0.5,
    async wait(ms) {
      nowMs += ms;
    },
  };
  const sink: Sink = {
    name: 'chat',
    type: 'webhook',
    async send({ notice }: Delivery) {
      nowMs = Math.max(nowMs, Date.parse(notice.at)) + SEND_MS;
      arrived.push({ notice, atMs: nowMs });
      return { kind: 'taken', memory: { message: notice.incident_id } };
    },
  };
  return { arrived, clock, sink };
}

/** Desk and destination, joined by the records that the one says and the other reads. */
function installation() {
  const { arrived, clock, sink } = slowReceiver();
  const topics = createMemoryTopics(1);
  const outbox: Uint8Array[] = [];
  let said = 0;
  let largest = 0;
  const publish = async (_partition: number, records: readonly Uint8Array[]) => {
    said += records.length;
    largest = Math.max(largest, ...records.map((it) => it.length));
    outbox.push(...records);
  };
  const desk = new DeskStage(
    {
      epoch: 'desk',
      settings: settings({ destinations: ['chat'] }),
      notices: { ...topics.notices, publish } as Bus,
      deadLetters: new DeadLetterBox(topics.rejects),
      onSaid: () => {},
      onIgnored: (n, why) => {
        throw new Error(`${n} ${why}`);
      },
    },
    null,
  );
  const delivery = stageOf(null, () => sinkOutlet(sink), { clock });
  let heard = 0;
  let delivered = 0;
  return {
    arrived,
    desk,
    delivery,
    figures: () => ({ said, largest }),
    async hear(records: readonly Uint8Array[]) {
      await desk.absorb(records, heard);
      heard += records.length;
      const notices = outbox.splice(0);
      await delivery.absorb(notices, delivered);
      delivered += notices.length;
    },
  };
}

/** 50,000 openings spread over a minute, or their ends in the next, in batches, with the time behind each. */
function* batches(event: 'opened' | 'resolved', n: { last: number }) {
  const from = event === 'opened' ? 0 : 60;
  for (let i = 0; i < ALERTS; i += BATCH) {
    const records: Uint8Array[] = [];
    for (let j = i; j < i + BATCH; j++) {
      const severity = j % CRITICAL_EVERY === 0 ? 'critical' : 'error';
      const at = from + Math.floor((j * 60_000) / ALERTS) / 1000;
      records.push(encodeAlert({ epoch: 'e', n: ++n.last, event: alert({ at, event, name: `f${j}`, severity }) }));
    }
    const timeMs = START_MS + from * 1000 + Math.floor((i * 60_000) / ALERTS);
    yield [...records, encodeTime({ epoch: 'e', n: ++n.last, timeMs })];
  }
}

test('50,000 alerts in a minute, told to one that takes a second each: bounded, a digest within the minute, every critical', async () => {
  const world = installation();
  const { arrived, desk, delivery } = world;
  const n = { last: 0 };
  const beforeBytes = heapBytes();
  for (const records of batches('opened', n)) await world.hear(records);
  await world.hear([encodeTime({ epoch: 'e', n: ++n.last, timeMs: START_MS + MINUTE_MS })]);
  const grownBytes = heapBytes() - beforeBytes;
  expect(grownBytes).toBeLessThan(MOST_HEAP_BYTES);
  expect(desk.desk.book.size).toBeLessThanOrEqual(MOST_WITH_CRITICAL);
  expect(delivery.state.recent.length).toBeLessThanOrEqual(RECENT_DELIVERIES);

  const opened = arrived.filter(({ notice }) => notice.transition === 'opened');
  const critical = opened.filter(({ notice }) => notice.event.severity === 'critical');
  expect(new Set(critical.map(({ notice }) => notice.incident_id)).size).toBe(ALERTS / CRITICAL_EVERY);
  expect(opened.length).toBeLessThan(60); // what was told before the storm was known, and what is critical
  const digests = arrived.filter(({ notice }) => notice.transition === 'digest');
  expect(digests[0]!.atMs - START_MS).toBeLessThanOrEqual(MINUTE_MS);
  const counted = digests.at(-1)!.notice.digest!.incidents;
  expect(counted + opened.length).toBe(ALERTS); // nobody is left out
  expect(world.figures().largest).toBeLessThan(1e6); // as a broker takes by default

  for (const records of batches('resolved', n)) await world.hear(records);
  await world.hear([encodeTime({ epoch: 'e', n: ++n.last, timeMs: START_MS + 60 * MINUTE_MS })]);
  const ended = new Set(
    arrived.filter(({ notice }) => notice.status === 'resolved').map(({ notice }) => notice.incident_id),
  );
  for (const { notice } of opened) expect(ended).toContain(notice.incident_id);
  expect(ended).toContain(digests[0]!.notice.incident_id);
  const isInOrder = arrived.every(({ atMs }, i) => i === 0 || atMs >= arrived[i - 1]!.atMs);
  expect(isInOrder).toBe(true);
  expect(heapBytes() - beforeBytes).toBeLessThan(MOST_HEAP_BYTES);
});
