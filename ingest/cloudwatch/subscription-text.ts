import type { PolledEvent } from './api.ts';
import type { GroupRef } from './group-poller.ts';

/**
 * Polled events as the subscription messages that the same lines would have come in: a message a stream, in the order of
 * time. So there is one way to read them, and one way to know what came twice.
 */
export function subscriptionTexts({ account, name }: GroupRef, events: readonly PolledEvent[]): string[] {
  const streams = new Map<string, PolledEvent[]>();
  for (const event of events) {
    const stream = streams.get(event.stream);
    if (stream === undefined) streams.set(event.stream, [event]);
    else stream.push(event);
  }
  const owner = JSON.stringify(account);
  const group = JSON.stringify(name);
  return [...streams].map(([stream, own]) => {
    own.sort((a, b) => a.timestampMs - b.timestampMs);
    const logEvents = own.map(
      ({ id, timestampMs, message }) =>
        `{"id":${JSON.stringify(id)},"timestamp":${timestampMs},"message":${JSON.stringify(message)}}`,
    );
    const head = `{"messageType":"DATA_MESSAGE","owner":${owner},"logGroup":${group},"logStream":${JSON.stringify(stream)}`;
    return `${head},"subscriptionFilters":["poll"],"logEvents":[${logEvents.join(',')}]}\n`;
  });
}
