import { isObject, type JsonObject, textOf } from '../formats/log-event.ts';
import { believable } from '../instant.ts';
import type { Reading } from '../reading.ts';

/** `{"messageType","owner","logGroup","logStream","logEvents":[…]}`, parsed: what the byte scanner does not know. */
export function readSubscription(message: JsonObject, reading: Reading): void {
  const { journal, recorder, identities, options } = reading;
  const type = message['messageType'];
  if (type === 'CONTROL_MESSAGE') {
    journal.stats.controlMessages++;
    return;
  }
  const events = message['logEvents'];
  if (type !== 'DATA_MESSAGE' || !Array.isArray(events)) {
    journal.reject('not a subscription message', JSON.stringify(message));
    return;
  }
  journal.stats.dataMessages++;
  const account = textOf(message['@aws.account']) || accountOf(message['owner']) || (options.account ?? null);
  const region = textOf(message['@aws.region']) || (options.region ?? null);
  const groupName = textOf(message['logGroup']) || (options.logGroup ?? '');
  // CloudWatch does not say it: what else is told in this shape may be of another cloud
  const provider = textOf(message['@cloud.provider']) || 'aws';
  const group = identities.group(account, region, groupName, provider, textOf(message['@aws.log.group']));
  const stream = identities.stream(group, textOf(message['logStream']));
  recorder.begin(true);
  for (const event of events as unknown[]) {
    const [time, text] = isObject(event) ? [believable(event['timestamp']), event['message']] : [Number.NaN, null];
    if (Number.isNaN(time)) journal.reject('log event without a sound timestamp', JSON.stringify(event));
    else if (typeof text !== 'string') journal.reject('log event without message', JSON.stringify(event));
    else {
      journal.stats.events++;
      reading.messages.read(stream, time, text);
    }
  }
  recorder.end();
  // one reject a message: the group is what is wrong, not the events
  if (recorder.unplaced > 0 || (stream.fn === 0 && stream.group.kind === 'other'))
    journal.reject(reading.whyUnplaced(stream), groupName);
}

const accountOf = (owner: unknown): string => (typeof owner === 'string' && /^\d{12}$/.test(owner) ? owner : '');
