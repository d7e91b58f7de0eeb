import { isObject, type JsonObject } from '../formats/log-event.ts';
import { OTLP_DEPTH, OtlpError, type OtlpRecord, type OtlpResource } from './otlp.ts';

const NANOSECONDS_A_MS = 1e6;
const DIGITS_BELOW_MS = 6;
/** Doubles of this century, in ns, are so far apart: a whole ms may lie just below itself. */
const DOUBLE_STEP_NS = 256;

/** `{"resourceLogs":[{"resource","scopeLogs":[{"logRecords":[…]}]}]}`. Unknown keys are passed over. @throws {OtlpError} */
export function readOtlpJson(text: string): OtlpResource[] {
  let request: unknown;
  try {
    request = JSON.parse(text);
  } catch {
    throw new OtlpError('malformed JSON');
  }
  if (!isObject(request)) throw new OtlpError('not a JSON object');
  return listOf(request, 'resourceLogs').map((of) => ({
    attributes: attributesOf(isObject(of['resource']) ? of['resource'] : {}),
    records: listOf(of, 'scopeLogs').flatMap((scope) => listOf(scope, 'logRecords').map(recordOf)),
  }));
}

/** @throws {OtlpError} */
function listOf(of: JsonObject, key: string): JsonObject[] {
  const list = of[key] ?? [];
  if (!Array.isArray(list) || !list.every(isObject)) throw new OtlpError(`${key} is not a list of objects`);
  return list;
}

function recordOf(record: JsonObject): OtlpRecord {
  const timeMs = msOf(record['timeUnixNano']);
  const severity = record['severityNumber'];
  return {
    timeMs: Number.isNaN(timeMs) ? msOf(record['observedTimeUnixNano']) : timeMs,
    severity: typeof severity === 'number' ? severity : 0,
    severityText: typeof record['severityText'] === 'string' ? record['severityText'] : '',
    body: plainOf(record['body'], 0),
    attributes: attributesOf(record),
  };
}

/** Nanoseconds since 1970, as text to be exact, or as a number; 0 means that it is not told. */
function msOf(nanoseconds: unknown): number {
  if (typeof nanoseconds === 'string' && /^\d{7,20}$/.test(nanoseconds))
    return Number(nanoseconds.slice(0, -DIGITS_BELOW_MS));
  if (typeof nanoseconds !== 'number' || !(nanoseconds > 0)) return Number.NaN;
  return Math.floor((nanoseconds + DOUBLE_STEP_NS) / NANOSECONDS_A_MS);
}

function attributesOf(of: JsonObject): JsonObject {
  return mapOf(listOf(of, 'attributes'), 0);
}

function mapOf(pairs: readonly unknown[], depth: number): JsonObject {
  const map = Object.create(null) as Record<string, unknown>; // a key may be called __proto__
  for (const pair of pairs)
    if (isObject(pair) && typeof pair['key'] === 'string') map[pair['key']] = plainOf(pair['value'], depth);
  return map;
}

function plainOf(value: unknown, depth: number): unknown {
  if (!isObject(value) || depth > OTLP_DEPTH) return null;
  const { stringValue, boolValue, intValue, doubleValue, arrayValue, kvlistValue, bytesValue } = value;
  if (typeof stringValue === 'string') return stringValue;
  if (typeof boolValue === 'boolean') return boolValue;
  if (typeof intValue === 'string' || typeof intValue === 'number') return Number(intValue);
  if (typeof doubleValue === 'number' || typeof doubleValue === 'string') return Number(doubleValue);
  if (typeof bytesValue === 'string') return bytesValue;
  const values = (of: unknown): unknown[] => (isObject(of) && Array.isArray(of['values']) ? of['values'] : []);
  if (arrayValue !== undefined) return values(arrayValue).map((one) => plainOf(one, depth + 1));
  return kvlistValue === undefined ? null : mapOf(values(kvlistValue), depth + 1);
}
