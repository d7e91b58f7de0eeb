import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { DEFAULT_PAGING } from '../../alerts/budget-order.ts';
import type { AlertEvent } from '../../alerts/event.ts';
import type { PartitionSaid } from '../../alerts/fleet-merge.ts';
import { createMemoryTopics } from '../../infra/topics-local.ts';
import { START_MS } from '../../test/stream.ts';
import { verdict } from '../../test/verdicts.ts';
import { DeadLetterBox } from './dead-letters.ts';
import { FleetStage } from './fleet-stage.ts';
import { encodeSaid } from './messages.ts';
import { type Destination, NotifyStage } from './notify-stage.ts';

const MINUTE_MS = 60_000;
type Pages = ReadonlyMap<string, Uint8Array>;

/** What a version left: pages by name. Made once by the code of that version, and never again. */
function fixture(name: string): Pages {
  const file = new URL(`./fixtures/${name}.json`, import.meta.url);
  const pages = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>;
  return new Map(Object.entries(pages).map(([page, text]) => [page, Buffer.from(text, 'base64')]));
}

function fleetStage(pages: Pages | null): { stage: FleetStage; said: AlertEvent[] } {
  const topics = createMemoryTopics(2);
  const said: AlertEvent[] = [];
  const stage = new FleetStage(
    {
      epoch: 'life',
      configHash: 'hash',
      paging: DEFAULT_PAGING,
      disabledSignals: [],
      partitions: 2,
      laggardMs: 600_000,
      elapsedMs: () => 0,
      verdicts: topics.verdicts,
      alerts: topics.alerts,
      deadLetters: new DeadLetterBox(topics.rejects),
      onSaid: (events) => void said.push(...events),
      onProgress: () => {},
    },
    pages,
  );
  return { stage, said };
}

/** Minute `minute` of both partitions, with verdicts in the first. */
function minute(at: number, n: number, verdicts: PartitionSaid['steps'][number]['verdicts'] = []): Uint8Array[] {
  const watermarkMs = START_MS + (at + 1) * MINUTE_MS;
  const step = { n, minuteMs: START_MS + at * MINUTE_MS, watermarkMs, pulses: [], tested: 10 };
  return [
    ...encodeSaid({ partition: 0, epoch: 'a', last: n, watermarkMs, steps: [{ ...step, verdicts }] }),
    ...encodeSaid({ partition: 1, epoch: 'b', last: n, watermarkMs, steps: [{ ...step, verdicts: [] }] }),
  ];
}

/** An incident of one function, one of three together, a silence that is held, and a step that waits for a partition. */
async function fleetAtMinute3(): Promise<{ stage: FleetStage; said: AlertEvent[] }> {
  const it = fleetStage(null);
  const together = ['a', 'b', 'c'].map((name) => verdict(name, 1));
  await it.stage.absorb(
    [
      ...minute(0, 1, [verdict('solo', 0, { signal: 'duration' })]),
      ...minute(1, 2, together),
      ...minute(2, 3, [verdict('quiet', 2, { signal: 'silence' })]),
      ...minute(3, 4, [verdict('solo', 3, { event: 'updated', signal: 'duration' })]).slice(0, 1),
    ],
    0,
  );
  return it;
}

/** What follows ends all of it. */
const rest = () => [
  ...minute(3, 4, [verdict('solo', 3, { event: 'updated', signal: 'duration' })]).slice(1),
  ...minute(4, 5, [
    ...['a', 'b', 'c'].map((name) => verdict(name, 4, { event: 'resolved' })),
    verdict('solo', 4, { event: 'resolved', signal: 'duration' }),
  ]),
  ...minute(5, 6),
  ...minute(6, 7),
];

const essence = (events: readonly AlertEvent[]) =>
  events.map(({ event, signal, alert_id, at }) => `${at} ${event} ${signal} ${alert_id}`);

describe('the state of the fleet stage', () => {
  test.each(['fleet-1.0', 'fleet-1.1'])(
    '%s is gone on from: what was open ends, what was held is said, nothing is said anew',
    async (name) => {
      const whole = await fleetAtMinute3();
      const before = whole.said.length;
      await whole.stage.absorb(rest(), 100);
      const restored = fleetStage(fixture(name));
      await restored.stage.absorb(rest(), 100);
      expect(essence(restored.said)).toEqual(essence(whole.said.slice(before)));
      expect(restored.said.map(({ event, signal }) => `${event} ${signal}`)).toEqual(
        expect.arrayContaining(['updated duration', 'resolved errors', 'resolved duration', 'opened silence']),
      );
    },
  );

  test('of version 1.1 is what this program writes', async () => {
    const { stage } = await fleetAtMinute3();
    expect(fleetStage(fixture('fleet-1.1')).stage.snapshot()).toEqual(stage.snapshot());
  });
});

describe('the state of a destination, version 1.0', () => {
  const destination =
    (delivered: number[], marks: unknown[]) =>
    (mark: unknown): Destination => {
      marks.push(mark);
      return {
        name: 'test',
        atOnce: 2,
        deliver: async (alerts) => {
          delivered.push(...alerts.map(({ n }) => n));
          return [];
        },
        mark: async () => ({ size: 7, inode: 9 }),
      };
    };

  test('is gone on from: what was handled is known, and what the destination asked to be remembered', async () => {
    const { encodeAlert } = await import('./messages.ts');
    const delivered: number[] = [];
    const marks: unknown[] = [];
    const options = {
      deadLetters: new DeadLetterBox(createMemoryTopics(1).rejects),
      signal: new AbortController().signal,
      onDelivered: () => {},
    };
    const stage = new NotifyStage(options, fixture('notify-1.0'), destination(delivered, marks));
    const { said } = await fleetAtMinute3();
    await stage.absorb(
      said.concat(said).map((event, i) => encodeAlert({ n: i + 1, event })),
      0,
    );
    expect(marks).toEqual([{ size: 7, inode: 9 }]);
    expect(delivered[0]).toBe(3);
  });
});

// A fixture of a new version is made by running this once with WRITE_FIXTURES set, and committed.
const isWriting = process.env.WRITE_FIXTURES === '1';
(isWriting ? test : test.skip)('write fixtures', async () => {
  const write = (name: string, pages: Pages) => {
    const file = new URL(`./fixtures/${name}.json`, import.meta.url);
    if (existsSync(file)) return; // fixtures are never changed
    const texts = [...pages].map(([page, bytes]) => [page, Buffer.from(bytes).toString('base64')]);
    writeFileSync(file, `${JSON.stringify(Object.fromEntries(texts), null, 1)}\n`);
  };
  write('fleet-1.1', (await fleetAtMinute3()).stage.snapshot());
  const { encodeMessage } = await import('../../infra/envelope.ts');
  write(
    'notify-1.0',
    new Map([['notify', encodeMessage('notify-state', 0, { last: 2, mark: { size: 7, inode: 9 } })]]),
  );
});
