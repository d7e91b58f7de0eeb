import { readCloudRecord, readRecords } from '../clouds/kinds.ts';
import { readMapped } from '../clouds/mapped.ts';
import { isObject, type JsonObject, textOf } from '../formats/log-event.ts';
import type { Reading } from '../reading.ts';
import { decodeData } from './base64-gzip.ts';
import { isLogEvent, readLogEvent, readQueryRow } from './cli-events.ts';
import type { LineReader } from './lines.ts';
import { readSubscription } from './subscription.ts';

/** Reads a JSON object that stood in the input, whatever wraps what; its place is in the journal. */
export function readJsonValue(value: JsonObject, text: string, reading: Reading, lines: LineReader): void {
  const { journal } = reading;
  if (readMapped(value, text, reading)) return;
  if ('messageType' in value && 'logEvents' in value) {
    readSubscription(value, reading);
    return;
  }
  const { awslogs, Records, records, results } = value;
  if (isObject(awslogs)) {
    readData(awslogs['data'], reading);
    return;
  }
  if (Array.isArray(Records)) {
    for (const record of Records as unknown[])
      readData(isObject(record) && isObject(record['kinesis']) ? record['kinesis']['data'] : null, reading);
    return;
  }
  if (Array.isArray(records) && ('requestId' in value || 'timestamp' in value)) {
    for (const record of records as unknown[]) readData(isObject(record) ? record['data'] : null, reading);
    return;
  }
  if (Array.isArray(records)) {
    readRecords(records, reading);
    return;
  }
  if (Array.isArray(results) && results.every(Array.isArray)) {
    for (const row of results as unknown[][]) readQueryRow(rowOf(row), reading);
    return;
  }
  if ('@timestamp' in value && ('@message' in value || '@type' in value)) {
    readQueryRow(value, reading);
    return;
  }
  if (isLogEvent(value)) {
    readLogEvent(value, reading);
    return;
  }
  if (readCloudRecord(value, text, reading)) return;
  lines.object(value, text, journal.offset, journal.line);
}

/** Fields and values of a query row as one object; later fields win. Built without a prototype: names come from the data. */
export function rowOf(pairs: readonly unknown[]): JsonObject {
  const row: Record<string, unknown> = Object.create(null);
  for (const pair of pairs) if (isObject(pair)) row[textOf(pair['field'])] = pair['value'];
  return row;
}

export const isFieldPair = (value: JsonObject): boolean =>
  'field' in value && 'value' in value && Object.keys(value).length === 2;

function readData(data: unknown, reading: Reading): void {
  const bytes = decodeData(textOf(data), reading.options.gunzip);
  if (bytes === null) reading.journal.reject('record data is not base64 of text or gzip', textOf(data));
  else reading.nested(bytes);
}
