import { Kafka, logLevel } from 'kafkajs';
import type { Place } from './kafka-context.ts';
import type { Measured } from './kafka-said.ts';

/** A consumer of kafkajs as it comes, from joining its group to the last record; counts bytes. */
export async function raw({ brokers, prefix }: Place, ends: ReadonlyMap<number, number>): Promise<Measured> {
  const kafka = new Kafka({ brokers: brokers.split(','), logLevel: logLevel.NOTHING });
  const consumer = kafka.consumer({ groupId: `raw-${process.pid}` });
  const open = new Set(ends.keys());
  let bytes = 0;
  let startMs = 0;
  const before = process.cpuUsage();
  consumer.on(consumer.events.GROUP_JOIN, () => {
    startMs = Date.now();
  });
  await consumer.connect();
  await consumer.subscribe({ topic: `${prefix}.fragments`, fromBeginning: true });
  await new Promise<void>((resolve, reject) => {
    consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error));
    const eachBatch = async ({
      batch,
    }: {
      batch: { messages: { value: Buffer | null }[]; partition: number; lastOffset(): string };
    }) => {
      for (const { value } of batch.messages) bytes += value?.length ?? 0;
      if (Number(batch.lastOffset()) + 1 >= ends.get(batch.partition)!) open.delete(batch.partition);
      if (open.size === 0) resolve();
    };
    consumer.run({ eachBatch }).catch(reject);
  });
  const endMs = Date.now();
  const { user, system } = process.cpuUsage(before);
  await consumer.disconnect();
  return { startMs, endMs, cpuMs: (user + system) / 1000, counted: bytes };
}
