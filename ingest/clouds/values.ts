import { isObject, type JsonObject } from '../formats/log-event.ts';
import { believable, instantOf } from '../instant.ts';

/**
 * Reading values that several tools write in several ways: query results make everything a text, exports change the case
 * of names. Each returns unknown ('' or NaN) for what is not there or is none.
 */

/** The first of these keys that has a value. */
export function first(value: JsonObject, ...keys: readonly string[]): unknown {
  for (const key of keys) {
    const found = value[key];
    if (found !== undefined && found !== null && found !== '') return found;
  }
  return undefined;
}

export function textIn(value: JsonObject, ...keys: readonly string[]): string {
  const found = first(value, ...keys);
  return typeof found === 'string' ? found : typeof found === 'number' ? String(found) : '';
}

export const numberIn = (value: JsonObject, ...keys: readonly string[]): number => numberOf(first(value, ...keys));

/** A number, or a text that is nothing but one. */
export function numberOf(value: unknown): number {
  if (typeof value === 'number') return Number.isFinite(value) ? value : Number.NaN;
  return typeof value === 'string' && /^-?\d{1,20}(?:\.\d{1,30})?(?:[eE][+-]?\d{1,3})?$/.test(value)
    ? Number(value)
    : Number.NaN;
}

/** true and false, also as text in any case; null for anything else. */
export function booleanOf(value: unknown): boolean | null {
  if (typeof value === 'boolean') return value;
  const word = typeof value === 'string' ? value.toLowerCase() : '';
  return word === 'true' ? true : word === 'false' ? false : null;
}

export const objectIn = (value: JsonObject, ...keys: readonly string[]): JsonObject => {
  const found = first(value, ...keys);
  return isObject(found) ? found : {};
};

/** Several tools write lists of properties as a text that holds JSON. */
export function propertiesIn(value: JsonObject, ...keys: readonly string[]): JsonObject {
  const found = first(value, ...keys);
  if (typeof found !== 'string') return isObject(found) ? found : {};
  return parsedObject(found) ?? {};
}

export function parsedObject(text: string): JsonObject | null {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

/** `4/18/2023 9:03:00 AM`: what some exports of Azure write, in UTC */
const AMERICAN = /^(\d{1,2})\/(\d{1,2})\/(\d{4}) (\d{1,2}):(\d\d):(\d\d)(?:\.\d+)?(?: ([AP])M)?$/;

/** Unix ms of an ISO or American text, or of a number of ms; NaN for anything else. */
export function timeOf(value: unknown): number {
  if (typeof value !== 'string') return believable(typeof value === 'number' ? Math.floor(value) : value);
  const match = AMERICAN.exec(value);
  if (match === null) return instantOf(value);
  const [, month, day, year, hour, minute, second, half] = match;
  const hours = half === undefined ? Number(hour) : (Number(hour) % 12) + (half === 'P' ? 12 : 0);
  const two = (part: string | number | undefined) => String(part).padStart(2, '0');
  return instantOf(`${year}-${two(month)}-${two(day)}T${two(hours)}:${minute}:${second}Z`);
}

/** An HTTP status, NaN for anything else. */
export function httpStatusOf(value: unknown): number {
  const code = numberOf(value);
  return Number.isInteger(code) && code >= 100 && code <= 599 ? code : Number.NaN;
}

/** A whole number of invocations that a sampled record stands for; 1 if it does not say. */
export function weightOf(value: unknown): number {
  const weight = Math.round(numberOf(value));
  return weight >= 1 && weight <= 1e6 ? weight : 1;
}

/** An exact number of bytes, NaN for anything else. */
export function bytesOf(value: unknown): number {
  const bytes = numberOf(value);
  return Number.isSafeInteger(bytes) && bytes >= 0 ? bytes : Number.NaN;
}
