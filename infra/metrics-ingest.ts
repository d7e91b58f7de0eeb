import { bounded, type Instruments } from './metric-instruments.ts';
import type { TopicName } from './topics.ts';

/** Beginnings of the reasons that parsers and readers of the bus give, as they stand in the table of rejects. */
export const REJECT_REASONS = [
  'AppRequests record without',
  'base64 line is not gzip',
  'binary data',
  'Cloud Run request without a sound latency',
  'CSV row does not fit its header',
  'CSV row too long',
  'damaged gzip',
  'end of a function execution of unknown form',
  'FunctionAppLogs record whose properties cannot be read',
  'FunctionAppLogs record without a sound time',
  'FunctionCompleted without its figures',
  'INIT_REPORT with a malformed',
  'Lambda Insights event without function_name',
  'log event without a sound timestamp',
  'log event without message',
  "log group is not a function's",
  'log record of no function',
  'malformed JSON',
  'nested too deep',
  'no log group',
  'no timestamp',
  'not a subscription message',
  'OpenWhisk activation without',
  'platform line inside another message',
  'platform.',
  'poison record',
  'Pub/Sub data is not base64 of text or gzip',
  'query row without @message',
  'query row without a sound @timestamp',
  'record data is not base64',
  'record is no object',
  'record of no known format',
  'record unpacks to too much',
  'REPORT with a malformed',
  'REPORT without Duration',
  'request unpacks to too much',
  'truncated CSV row',
  'truncated gzip',
  'truncated JSON',
  'unknown log stream',
  'value too large',
  'Vercel entry without',
  'Workers trace event without',
] as const;
const reasonOf = bounded(REJECT_REASONS);

/** Kinds of source, so that a log group's name never becomes a label. */
export const SOURCE_KINDS = ['files', 'cloudwatch', 'firehose', 'kinesis', 'otlp', 's3', 'stdin'] as const;
const sourceOf = bounded(SOURCE_KINDS);

export function ingestMetrics(make: Instruments) {
  const events = make.counter('ingest_events_total', 'Log events read, by kind of source.', ['source']);
  const bytes = make.counter('ingest_bytes_total', 'Bytes of logs read, after decompression.');
  const fragments = make.counter('ingest_fragments_total', 'Fragments made of log events and routed to a partition.');
  const rejects = make.counter('ingest_rejects_total', 'Pieces of input that could not be used, by reason.', [
    'reason',
  ]);
  let watermarkMs: number | null = null;
  make.gauge(
    'ingest_watermark_seconds',
    'Event time that this worker has read all of its sources up to, in seconds since 1970; absent before the first event.',
    [],
    (gauge) => {
      if (watermarkMs === null) gauge.remove();
      else gauge.set(watermarkMs / 1000);
    },
  );
  const requests = make.counter('listen_requests_total', 'Requests that others sent to us, by endpoint and status.', [
    'endpoint',
    'status',
  ]);
  const seconds = make.histogram(
    'listen_request_seconds',
    'From the first byte of a request until it was answered, safe or refused.',
    [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    ['endpoint'],
  );
  const sources = make.gauge('ingest_sources', 'Log groups and files that this worker reads.');
  return {
    /** @param source a kind of `SOURCE_KINDS` */
    read(source: string, batch: { readonly events: number; readonly bytes: number; readonly fragments: number }) {
      events.inc({ source: sourceOf(source) }, batch.events);
      bytes.inc(batch.bytes);
      fragments.inc(batch.fragments);
    },
    rejected: (reason: string, count = 1): void => rejects.inc({ reason: reasonOf(reason) }, count),
    watermark(timeMs: number) {
      watermarkMs = timeMs;
    },
    /** @param endpoint one of those that are served; @param status that we answer with */
    requested(endpoint: 'firehose' | 'otlp', status: number, ms: number) {
      requests.inc({ endpoint, status });
      seconds.observe({ endpoint }, ms / 1000);
    },
    sources: (count: number): void => sources.set(count),
  };
}

export function busMetrics(make: Instruments) {
  const records = make.counter('bus_published_records_total', 'Records that the bus has acknowledged.', ['topic']);
  const bytes = make.counter('bus_published_bytes_total', 'Bytes of records that the bus has acknowledged.', ['topic']);
  const retries = make.counter('bus_retries_total', 'Calls to the bus that were repeated after a failure.', ['topic']);
  return {
    published(topic: TopicName, batch: { readonly records: number; readonly bytes: number }) {
      records.inc({ topic }, batch.records);
      bytes.inc({ topic }, batch.bytes);
    },
    retried: (topic: TopicName, count = 1): void => retries.inc({ topic }, count),
  };
}
