// A member of a group in a process of its own, for tests that stop it: reads with the options of its first argument, says
// `got …` of every batch, and acks each when a line comes on its standard input.
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { openKafkaTopics } from './bus-kafka.ts';
import type { KafkaOptions } from './kafka-options.ts';

const topics = await openKafkaTopics(JSON.parse(process.argv[2]!) as KafkaOptions);
const input = createInterface({ input: process.stdin });
const say = (line: string) => process.stdout.write(`${line}\n`);
for await (const batch of topics.fragments.subscribe('g', {
  maxBatchBytes: 1,
  onAssigned: (partitions) => say(`has ${partitions.join(' ')}`),
})) {
  say(`got ${batch.records.map((record) => Buffer.from(record).toString()).join(' ')}`);
  await once(input, 'line');
  await batch.ack().then(
    () => say('acked'),
    (error: { code: string }) => say(error.code),
  );
}
