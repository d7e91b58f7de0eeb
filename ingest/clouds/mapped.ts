import type { JsonObject } from '../formats/log-event.ts';
import type { Reading } from '../reading.ts';
import { Status } from '../recorder.ts';
import { unknownFacts, writeInvocation } from './facts.ts';
import { type FieldMapping, type Place, type Sign, type TimeUnit, valueAt } from './mapping.ts';
import { booleanOf, bytesOf, httpStatusOf, numberOf, timeOf, weightOf } from './values.ts';

/** Reads a record by the first mapping of the configuration that fits it; false if none does. */
export function readMapped(record: JsonObject, text: string, reading: Reading): boolean {
  const mapping = reading.options.fields?.find((it) => fits(record, it));
  if (mapping === undefined) return false;
  reading.journal.stats.events++;
  const problem = write(record, text, mapping, reading);
  if (problem !== '') reading.journal.reject(problem, text);
  return true;
}

const fits = (record: JsonObject, { when }: FieldMapping): boolean =>
  when.every(({ place, value }) => {
    const found = valueAt(record, place);
    return value === '*' ? found !== undefined && found !== null : found === value;
  });

/** Returns what is wrong with the record; empty if nothing is. */
function write(record: JsonObject, line: string, mapping: FieldMapping, reading: Reading): string {
  const { options } = reading;
  const text = (place: Place | null) => (place === null ? '' : textOf(valueAt(record, place)));
  const number = (place: Place | null) => (place === null ? Number.NaN : numberOf(valueAt(record, place)));
  const name = text(mapping.function);
  if (name === '') return `no function at ${nameOf(mapping.function)}`;
  const timeMs = instantIn(valueAt(record, mapping.time), mapping.timeUnit);
  if (Number.isNaN(timeMs)) return `no sound time at ${nameOf(mapping.time)}`;
  const durationMs = number(mapping.duration) * mapping.durationMs;
  if (mapping.duration !== null && !(durationMs >= 0)) return `no sound duration at ${nameOf(mapping.duration)}`;
  const isStart = mapping.timeIs === 'start';
  const known = Number.isNaN(durationMs) ? 0 : durationMs;
  const who = {
    provider: mapping.provider,
    account: text(mapping.account) || (options.account ?? null),
    region: text(mapping.region) || (options.region ?? null),
    name,
  };
  const requestId = text(mapping.requestId);
  const stream = writeInvocation(reading, line, {
    ...unknownFacts(who, Math.floor(isStart ? timeMs + known : timeMs)),
    version: text(mapping.version),
    instance: text(mapping.instance),
    startMs: isStart ? timeMs : Math.floor(timeMs - known),
    durationMs,
    billedMs: number(mapping.billedMs),
    initMs: number(mapping.initMs),
    memoryMb: number(mapping.memoryMb),
    memoryUsedMb: number(mapping.memoryUsedMb),
    ...outcomeOf(record, mapping, text(mapping.errorType)),
    isCold: mapping.coldStart === null ? null : booleanOf(valueAt(record, mapping.coldStart)),
    httpStatus: mapping.httpStatus === null ? Number.NaN : httpStatusOf(valueAt(record, mapping.httpStatus)),
    requestId,
    costUsd: number(mapping.costUsd),
    bytesOut: mapping.bytesOut === null ? Number.NaN : bytesOf(valueAt(record, mapping.bytesOut)),
    weight: mapping.weight === null ? 1 : weightOf(valueAt(record, mapping.weight)),
  });
  const message = text(mapping.message);
  if (message !== '') reading.messages.application(stream, timeMs, requestId, message);
  return '';
}

/** A mapping that says what a failure is knows successes, too. */
function outcomeOf(record: JsonObject, { error, timeout }: FieldMapping, errorType: string) {
  if (timeout !== null && shows(record, timeout)) return { status: Status.timeout, errorType };
  if (error !== null && shows(record, error)) return { status: Status.error, errorType };
  return error === null ? { errorType } : { status: Status.success };
}

function shows(record: JsonObject, { place, values, atLeast }: Sign): boolean {
  const found = valueAt(record, place);
  if (!Number.isNaN(atLeast)) return numberOf(found) >= atLeast;
  return values === null ? isSomething(found) : values.some((value) => value === (found ?? null));
}

const isSomething = (value: unknown): boolean =>
  value !== undefined && value !== null && value !== '' && value !== false;

function textOf(value: unknown): string {
  return typeof value === 'string'
    ? value
    : typeof value === 'number' || typeof value === 'boolean'
      ? String(value)
      : '';
}

const MS: Readonly<Record<Exclude<TimeUnit, 'iso'>, number>> = { s: 1000, ms: 1, us: 1e-3, ns: 1e-6 };

/** Unix ms. Nanoseconds are more than a number holds, so they may stand in a text; what is cut is below a ms. */
function instantIn(value: unknown, unit: TimeUnit): number {
  if (unit === 'iso') return typeof value === 'string' ? timeOf(value) : Number.NaN;
  const cut = unit === 'ns' ? 6 : unit === 'us' ? 3 : 0;
  if (cut > 0 && typeof value === 'string' && /^\d{7,20}$/.test(value)) return timeOf(Number(value.slice(0, -cut)));
  return timeOf(Math.floor(numberOf(value) * MS[unit]));
}

const nameOf = (place: Place): string => ('path' in place ? place.path : 'its constant');
