import type { JsonObject } from '../formats/log-event.ts';
import { textOf } from '../formats/log-event.ts';
import { believable, instantOf } from '../instant.ts';
import type { Reading } from '../reading.ts';

const EVENT_KEYS = new Set([
  'logStreamName',
  'logGroupIdentifier',
  'timestamp',
  'message',
  'eventId',
  'id',
  'ingestionTime',
  'extractedFields',
]);

/** Whether an object is one event of `aws logs filter-log-events`, `get-log-events` or live tail: these keys and no others. */
export function isLogEvent(value: JsonObject): boolean {
  if (!('timestamp' in value) || !('message' in value)) return false;
  return (
    Object.keys(value).every((key) => EVENT_KEYS.has(key)) &&
    (typeof value['timestamp'] === 'number' || 'ingestionTime' in value || 'eventId' in value)
  );
}

/** `{logStreamName?, timestamp, message, …}`; the log group is that of the options. */
export function readLogEvent(value: JsonObject, reading: Reading): void {
  const timeMs = believable(value['timestamp']);
  const message = value['message'];
  if (Number.isNaN(timeMs)) {
    reading.journal.reject('log event without a sound timestamp', JSON.stringify(value));
    return;
  }
  if (typeof message !== 'string') {
    reading.journal.reject('log event without message', JSON.stringify(value));
    return;
  }
  readOne(reading, groupOf(value['logGroupIdentifier']), textOf(value['logStreamName']), timeMs, message);
}

/** A row of CloudWatch Logs Insights, `@timestamp` and `@message` at least: the message tells all that the other fields repeat. */
export function readQueryRow(row: JsonObject, reading: Reading): void {
  const timeMs = instantOf(textOf(row['@timestamp']));
  const message = row['@message'];
  if (Number.isNaN(timeMs)) {
    reading.journal.reject('query row without a sound @timestamp', JSON.stringify(row));
    return;
  }
  if (typeof message === 'string') {
    readOne(reading, groupOf(row['@log']), textOf(row['@logStream']), timeMs, message);
    return;
  }
  const rebuilt = reportOf(row);
  if (rebuilt === null) {
    reading.journal.reject('query row without @message', JSON.stringify(row));
    return;
  }
  readOne(reading, groupOf(row['@log']), textOf(row['@logStream']), timeMs, rebuilt);
}

/** `123456789012:/aws/lambda/name` or an ARN that ends so; empty if there is none. */
interface GroupName {
  readonly account: string | null;
  readonly name: string;
}

function groupOf(value: unknown): GroupName {
  const match = /(?:^|:)(?:(\d{12}):)?(?:log-group:)?([\w./#-]{1,512})(?::\*)?$/.exec(textOf(value));
  return match === null ? { account: null, name: '' } : { account: match[1] ?? null, name: match[2] ?? '' };
}

function readOne(reading: Reading, group: GroupName, streamName: string, timeMs: number, message: string): void {
  const { identities, options, recorder, journal } = reading;
  const account = group.account ?? options.account ?? null;
  const stream =
    group.name === ''
      ? reading.streamNamed(streamName)
      : identities.stream(identities.group(account, options.region ?? null, group.name), streamName);
  journal.stats.events++;
  recorder.begin(false);
  const { rejects } = journal.stats;
  reading.messages.read(stream, timeMs, message);
  const isUnplaced = recorder.unplaced > 0 || (stream.fn === 0 && stream.group.kind === 'other');
  if (isUnplaced && journal.stats.rejects === rejects) journal.reject(reading.whyUnplaced(stream), message);
}

/**
 * A REPORT line from the discovered fields of a row that was queried without its message. Sizes there are decimal bytes
 * in scientific notation: 128 MB is `1.28E8`, so a millionth is the MB that Lambda means.
 */
function reportOf(row: JsonObject): string | null {
  const requestId = textOf(row['@requestId']);
  if (textOf(row['@type']) !== 'REPORT' || requestId === '' || textOf(row['@duration']) === '') return null;
  const ms = (label: string, key: string) => (textOf(row[key]) === '' ? '' : `\t${label}: ${Number(row[key])} ms`);
  const mb = (label: string, key: string) =>
    textOf(row[key]) === '' ? '' : `\t${label}: ${Math.round(Number(row[key]) / 1e6)} MB`;
  return `REPORT RequestId: ${requestId}${ms('Duration', '@duration')}${ms('Billed Duration', '@billedDuration')}${mb('Memory Size', '@memorySize')}${mb('Max Memory Used', '@maxMemoryUsed')}${ms('Init Duration', '@initDuration')}`;
}
