import { createKafkaClient } from '../infra/kafka-client.ts';
import { TOPICS } from '../infra/topics.ts';
import { optionsOf, type Place } from './kafka-context.ts';

const adminOf = (place: Place) => createKafkaClient(optionsOf(place)).openAdmin();

/** Offset behind the last record of each partition of `fragments` that has any. */
export async function endsOf(place: Place): Promise<Map<number, number>> {
  const admin = adminOf(place);
  await admin.connect();
  try {
    const offsets = await admin.fetchTopicOffsets(`${place.prefix}.fragments`);
    return new Map(offsets.filter(({ high }) => high !== '0').map(({ partition, high }) => [partition, Number(high)]));
  } finally {
    await admin.disconnect();
  }
}

/** Room for the next run. */
export async function removeTopics(place: Place): Promise<void> {
  const admin = adminOf(place);
  await admin.connect();
  try {
    await admin.deleteTopics({ topics: TOPICS.map((name) => `${place.prefix}.${name}`) });
  } finally {
    await admin.disconnect();
  }
}
