import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { DEFAULT_PAGING } from '../../alerts/budget-order.ts';
import type { AlertEvent } from '../../alerts/event.ts';
import type { FleetMerge, PartitionSaid, PartitionStep } from '../../alerts/fleet-merge.ts';
import type { Verdict } from '../../detectors/verdict.ts';
import type { Bus } from '../../infra/bus.ts';
import { createMemoryTopics } from '../../infra/topics-local.ts';
import { START_MS } from '../../test/stream.ts';
import { verdict } from '../../test/verdicts.ts';
import { DeadLetterBox } from './dead-letters.ts';
import { FleetStage } from './fleet-stage.ts';
import { decodeAlertRecord, encodeAway, encodeSaid, type NumberedAlert, type NumberedTime } from './messages.ts';

const MINUTE_MS = 60_000;
const LAGGARD_MS = 600_000;

/** A stage of two partitions on a clock of its own; what it publishes is kept. */
class Play {
  nowMs = 0;
  readonly verdicts: Uint8Array[] = [];
  readonly alerts: Uint8Array[] = [];
  readonly events: AlertEvent[] = [];
  merge: FleetMerge | null = null;
  publish: (records: readonly Uint8Array[]) => Promise<void> = async (records) => void this.verdicts.push(...records);
  readonly stage: FleetStage;

  constructor(pages: ReadonlyMap<string, Uint8Array> | null = null, epoch = 'first') {
    const topics = createMemoryTopics(2);
    this.stage = new FleetStage(
      {
        epoch,
        configHash: 'hash',
        paging: DEFAULT_PAGING,
        disabledSignals: [],
        partitions: 2,
        laggardMs: LAGGARD_MS,
        elapsedMs: () => this.nowMs,
        verdicts: { ...topics.verdicts, publish: (_partition, records) => this.publish(records) } as Bus,
        alerts: { ...topics.alerts, publish: async (_partition, records) => void this.alerts.push(...records) } as Bus,
        deadLetters: new DeadLetterBox(topics.rejects),
        onSaid: (events) => void this.events.push(...events),
        onProgress: (merge) => {
          this.merge = merge;
        },
      },
      pages,
    );
  }

  async hear(partition: number, n: number, more: Partial<PartitionSaid> = {}, verdicts: Verdict[] = []): Promise<void> {
    const watermarkMs = START_MS + (n + 1) * MINUTE_MS;
    const step: PartitionStep = { n, minuteMs: START_MS + n * MINUTE_MS, watermarkMs, verdicts, pulses: [], tested: 1 };
    const said = { partition, epoch: 'a', last: n, watermarkMs, steps: [step], ...more };
    await this.stage.absorb(encodeSaid(said), 0);
  }

  /** What it published to itself is read back. */
  async readBack(): Promise<void> {
    for (const record of this.verdicts.splice(0)) await this.stage.absorb([record], 0);
  }
}

/** Both are heard once, then only the first, every minute. */
async function oneFallsSilent(minutes: number): Promise<Play> {
  const play = new Play();
  await play.hear(1, 1);
  for (let n = 1; n <= minutes; n++) {
    await play.hear(0, n);
    play.nowMs += MINUTE_MS;
  }
  return play;
}

describe('a partition that nothing is heard of', () => {
  test('is declared away while others are heard, once until that is read back', async () => {
    const early = await oneFallsSilent(9);
    expect(await early.stage.lookForLaggards()).toEqual([]);
    const play = await oneFallsSilent(12);
    expect(await play.stage.lookForLaggards()).toEqual([1]);
    expect(await play.stage.lookForLaggards()).toEqual([]);
    expect(play.verdicts).toEqual([encodeAway({ away: 1 })]);
    expect(play.merge?.waiting).toBeGreaterThan(0);
    await play.readBack();
    expect(play.merge?.waiting).toBe(0);
  });

  test('is not blamed for a time in which nobody was heard', async () => {
    const play = await oneFallsSilent(2);
    play.nowMs += 10 * LAGGARD_MS; // the bus was away, or this process
    expect(await play.stage.lookForLaggards()).toEqual([]);
    await play.hear(0, 3);
    expect(await play.stage.lookForLaggards()).toEqual([]);
    for (let n = 4; n <= 14; n++) {
      play.nowMs += MINUTE_MS;
      await play.hear(0, n);
    }
    expect(await play.stage.lookForLaggards()).toEqual([1]); // it had the whole time again
  });

  test('is asked for again where that could not be published', async () => {
    const play = await oneFallsSilent(12);
    const { publish } = play;
    play.publish = () => Promise.reject(new Error('refused'));
    await expect(play.stage.lookForLaggards()).rejects.toThrow('refused');
    play.publish = publish;
    expect(await play.stage.lookForLaggards()).toEqual([1]);
  });
});

describe('a partition that misses a step', () => {
  test('stands still until the step is said again', async () => {
    const play = new Play();
    for (const n of [1, 2]) for (const partition of [0, 1]) await play.hear(partition, n);
    await play.hear(0, 3);
    await play.hear(1, 4, {}, [verdict('late', 4)]);
    await play.hear(1, 4, { steps: [] }); // a watermark alone is not believed either
    expect(play.merge).toMatchObject({ gaps: 2, stuck: [1], watermarkMs: START_MS + 3 * MINUTE_MS });
    await play.hear(1, 3, {}, [verdict('missed', 3)]);
    await play.hear(1, 4, {}, [verdict('late', 4)]);
    await play.hear(0, 4);
    expect(play.events.map(({ function: { name } }) => name)).toEqual(['missed', 'late']);
    expect(play.merge).toMatchObject({ stuck: [], repeated: 0 });
  });

  test('goes on without it when nobody says it again for long', async () => {
    const play = new Play();
    await play.hear(1, 1);
    for (let n = 1; n <= 12; n++) {
      await play.hear(0, n);
      if (n > 2) await play.hear(1, n);
      play.nowMs += MINUTE_MS;
    }
    expect(await play.stage.lookForLaggards()).toEqual([1]);
    await play.readBack();
    await play.hear(1, 13, {}, [verdict('later', 13)]);
    await play.hear(0, 13);
    expect(play.merge).toMatchObject({ stuck: [], watermarkMs: START_MS + 14 * MINUTE_MS });
    expect(play.events).toHaveLength(1);
  });
});

describe('the life of a state', () => {
  test('of a partition that begins anew is followed from 1, and the one before it is over', async () => {
    const play = new Play();
    for (let n = 1; n <= 9; n++) for (const partition of [0, 1]) await play.hear(partition, n);
    const at = { last: 1, watermarkMs: START_MS + 11 * MINUTE_MS };
    const anew = (n: number, name: string): Partial<PartitionSaid> => ({
      epoch: 'b',
      last: n,
      watermarkMs: at.watermarkMs + n,
      steps: [
        {
          n,
          minuteMs: Number.NaN,
          watermarkMs: at.watermarkMs + n,
          verdicts: [verdict(name, 10)],
          pulses: [],
          tested: 1,
        },
      ],
    });
    await play.hear(1, 2, anew(2, 'too early'));
    expect(play.merge?.stuck).toEqual([1]);
    await play.hear(1, 1, anew(1, 'x'));
    const { watermarkMs } = play.merge!;
    await play.hear(1, 10, {}, [verdict('zombie', 10)]);
    expect(play.merge).toMatchObject({ stale: 1, watermarkMs });
    await play.hear(1, 2, anew(2, 'y'));
    for (let n = 10; n <= 13; n++) await play.hear(0, n);
    expect(play.events.map(({ function: { name } }) => name)).toEqual(['x', 'y']);
  });

  test('of the fleet stage stands in every alert, survives a restart, and is safe before the first', async () => {
    const first = new Play();
    const began = new Play(await first.stage.begin(), 'second');
    for (const play of [first, began])
      for (const partition of [0, 1]) await play.hear(partition, 1, {}, [verdict('a', 1)]);
    expect(began.alerts).toEqual(first.alerts);
    const restored = new Play(first.stage.snapshot(), 'third');
    for (const partition of [0, 1]) await restored.hear(partition, 2, {}, [verdict('b', 2)]);
    const records = [...first.alerts, ...restored.alerts].map(
      (record) => decodeAlertRecord(record) as NumberedAlert | NumberedTime,
    );
    expect(records.map(({ epoch, n, ...rest }) => `${epoch} ${n} ${'event' in rest ? 'alert' : 'time'}`)).toEqual([
      'first 1 alert',
      'first 2 alert',
      'first 3 time',
      'first 4 alert',
      'first 5 alert',
      'first 6 time',
    ]);
  });

  test('how far event time is, stands behind what was said up to then, however the records are cut into batches', async () => {
    const batches = new Play();
    const together = new Play();
    const records: Uint8Array[] = [];
    for (let n = 1; n <= 4; n++) {
      for (const partition of [0, 1]) {
        const watermarkMs = START_MS + n * MINUTE_MS;
        const step = { n, minuteMs: watermarkMs - MINUTE_MS, watermarkMs, verdicts: [], pulses: [], tested: 1 };
        const steps = n === 3 ? [{ ...step, verdicts: [verdict(`f${partition}`, 3)] }] : [step];
        records.push(...encodeSaid({ partition, epoch: 'a', last: n, watermarkMs, steps }));
      }
    }
    await together.stage.absorb(records, 0);
    for (const [i, record] of records.entries()) await batches.stage.absorb([record], i);
    expect(together.alerts).toEqual(batches.alerts);
    const told = together.alerts.map((record) => decodeAlertRecord(record) as NumberedAlert | NumberedTime);
    expect(told.map((it) => ('event' in it ? it.event.function.name : (it.timeMs - START_MS) / MINUTE_MS))).toEqual([
      1,
      2,
      'f0',
      'f1',
      3,
      4,
    ]);
  });
});

test('a state of more than a message may hold is saved as pages and gone on from', async () => {
  const play = new Play();
  // texts that do not deflate
  const noise = (i: number) =>
    Array.from({ length: 64 }, (_, j) => createHash('sha512').update(`${i} ${j}`).digest('base64'));
  const storm = Array.from({ length: 3000 }, (_, i) => verdict(`fn-${i}`, 1, { rule: noise(i).join('') }));
  await play.hear(0, 1, {}, storm);
  const pages = play.stage.snapshot();
  for (const page of pages.values()) expect(page.length).toBeLessThanOrEqual(8 * 1024 * 1024);
  expect([...pages.keys()].slice(0, 2)).toEqual(['fleet/0', 'fleet/1']);
  const restored = new Play(pages);
  for (const it of [play, restored]) await it.hear(1, 1);
  expect(restored.events).toEqual(play.events);
  expect(play.events.length).toBeGreaterThan(0);
});
