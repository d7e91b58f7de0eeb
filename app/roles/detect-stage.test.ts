import { expect, test } from '@jest/globals';
import type { PartitionSaid } from '../../alerts/fleet-merge.ts';
import { DEFAULT_SETTINGS } from '../../detectors/settings.ts';
import type { Bus } from '../../infra/bus.ts';
import type { RowSink } from '../../infra/store-rows.ts';
import { createMemoryTopics } from '../../infra/topics-local.ts';
import { DEFAULT_PRICES } from '../../ingest/pricing.ts';
import { createPartition } from '../partition.ts';
import { DeadLetterBox } from './dead-letters.ts';
import { DetectStage } from './detect-stage.ts';
import { decodeSaid } from './messages.ts';

test('a partition that begins afresh tells its epoch and keeps it: whoever dies at once says the same again', async () => {
  const topics = createMemoryTopics(1);
  const told: PartitionSaid[] = [];
  const verdicts: Bus = {
    ...topics.verdicts,
    publish: async (_partition, records) => void told.push(...records.map((it) => decodeSaid(it) as PartitionSaid)),
  };
  const engineOf = (epoch: string, restored?: ReadonlyMap<string, Uint8Array>) =>
    createPartition({
      epoch,
      settings: DEFAULT_SETTINGS,
      pricesOf: () => DEFAULT_PRICES,
      configHash: 'test',
      invocations: 'none',
      records: false,
      shards: [0, 1],
      ...(restored === undefined ? {} : { restored }),
    });
  const stage = new DetectStage({
    partition: 0,
    engine: engineOf('first'),
    rows: {} as RowSink,
    verdicts,
    deadLetters: new DeadLetterBox(topics.rejects),
    elapsedMs: () => 0,
    onAbsorbed: () => {},
  });
  const pages = await stage.begin();
  expect(told).toEqual([{ partition: 0, epoch: 'first', last: 0, watermarkMs: Number.NEGATIVE_INFINITY, steps: [] }]);
  const next = engineOf('second', pages);
  expect([next.epoch, next.said, next.watermarkMs]).toEqual(['first', 0, Number.NaN]);
});
