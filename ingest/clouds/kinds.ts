import { decodeData } from '../envelopes/base64-gzip.ts';
import { isObject, type JsonObject, textOf } from '../formats/log-event.ts';
import type { Reading } from '../reading.ts';
import { isAzureRecord } from './azure.ts';
import { readAzureRecord } from './azure-insights.ts';
import { fromProtocol, isProtocolItem } from './azure-protocol.ts';
import { isVercelLog, isWorkersTrace, readVercelLog, readWorkersTrace } from './edge.ts';
import { isLogEntry, readLogEntry } from './google.ts';
import { readMapped } from './mapped.ts';
import { isActivation, readActivation } from './openwhisk.ts';

type Reader = (record: JsonObject, text: string, reading: Reading) => void;

/** Records of other clouds, by what only they have. Each is asked in turn, so the tests are a few look-ups. */
const KINDS: readonly (readonly [is: (value: JsonObject) => boolean, read: Reader])[] = [
  [isLogEntry, readLogEntry],
  [isAzureRecord, readAzureRecord],
  [isProtocolItem, (item, text, reading) => readAzureRecord(fromProtocol(item), text, reading)],
  [isWorkersTrace, readWorkersTrace],
  [isVercelLog, readVercelLog],
  [isActivation, readActivation],
  [isPubSub, readPubSub],
  [isQueryResult, readQueryResult],
];

/** Reads a record of another cloud than AWS, or what wraps some; false if it is none. */
export function readCloudRecord(value: JsonObject, text: string, reading: Reading): boolean {
  for (const [is, read] of KINDS) {
    if (!is(value)) continue;
    read(value, text, reading);
    return true;
  }
  return false;
}

/** `{"records":[…]}`, as a diagnostic setting of Azure writes it to an Event Hub. */
export function readRecords(records: readonly unknown[], reading: Reading): void {
  for (const record of records) {
    const text = JSON.stringify(record);
    if (!isObject(record)) reading.journal.reject('record is no object', text);
    else if (!readMapped(record, text, reading) && !readCloudRecord(record, text, reading))
      reading.journal.reject('record of no known format', text);
  }
}

/** A push of Pub/Sub, or an element of a pull: its data is a LogEntry. */
function isPubSub(value: JsonObject): boolean {
  const { message } = value;
  return isObject(message) && typeof message['data'] === 'string' && ('messageId' in message || 'ackId' in value);
}

function readPubSub(value: JsonObject, text: string, reading: Reading): void {
  const message = value['message'];
  const data = isObject(message) ? decodeData(textOf(message['data']), reading.options.gunzip) : null;
  if (data === null) reading.journal.reject('Pub/Sub data is not base64 of text or gzip', text);
  else reading.nested(data);
}

/** What the query API of Log Analytics answers: tables of columns and rows. */
function isQueryResult(value: JsonObject): boolean {
  const { tables } = value;
  return Array.isArray(tables) && tables.every((it) => isObject(it) && Array.isArray(it['columns']));
}

function readQueryResult(value: JsonObject, _text: string, reading: Reading): void {
  for (const table of value['tables'] as JsonObject[]) {
    const names = (table['columns'] as unknown[]).map((it) => (isObject(it) ? textOf(it['name']) : ''));
    const rows: unknown[] = Array.isArray(table['rows']) ? table['rows'] : [];
    const objects = rows.map((row) => {
      const object: Record<string, unknown> = Object.create(null);
      if (Array.isArray(row)) for (const [i, name] of names.entries()) object[name] = row[i];
      return object;
    });
    readRecords(objects, reading);
  }
}
