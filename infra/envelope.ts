import { isUtf8 } from 'node:buffer';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { WireError } from './wire-bytes.ts';

/**
 * What the topics of verdicts, alerts and rejects carry: JSON, as it is or deflated; docs/wire.md.
 *
 *     "{" …               {"tl": kind, "v": [major, minor], "body": …}
 *     u8 1 | raw deflate  of the same
 *
 * Numbers that JSON has not stand as {"$": "NaN"}, {"$": "Infinity"}, {"$": "-Infinity"}, {"$": "-0"}; an object with a
 * key "$" of its own stands as {"$": that object}.
 */
const MAJOR = 1;
const PLAIN = 0x7b;
const DEFLATED = 1;
/** Below it deflating saves less than it costs. */
const DEFLATE_OVER_BYTES = 1024;
/** A few bytes may inflate to many: this bounds what reading them allocates. */
export const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;
/** Of a page of state, which this program wrote itself. */
export const MAX_STATE_BYTES = 500 * 1024 * 1024;
const MAX_DEPTH = 100;
const ESCAPE = '$';
const NUMBERS = new Map<unknown, number>([
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
  ['-0', -0],
]);

/**
 * A message whose body is plain data: null, booleans, numbers, strings, arrays, and plain objects, whose undefined
 * properties are left out. `minor` is the minor version of the body: later ones may add fields.
 * @throws {TypeError} on anything else in the body, naming its place
 * @throws {RangeError} on a body nested over 100 deep, or of over `maxBytes`
 */
export function encodeMessage(kind: string, minor: number, body: unknown, maxBytes = MAX_MESSAGE_BYTES): Uint8Array {
  const escaped = needsEscape(body, 0) ? escapeNumbers(body) : body;
  const json = Buffer.from(JSON.stringify({ tl: kind, v: [MAJOR, minor], body: escaped }));
  if (json.length > maxBytes) {
    throw new RangeError(`a message of ${json.length} bytes, at most ${maxBytes}`);
  }
  if (json.length <= DEFLATE_OVER_BYTES) return json;
  return Buffer.concat([Uint8Array.of(DEFLATED), deflateRawSync(json, { level: 1 })]);
}

/**
 * The body of a message of `kind`: data from outside, for the caller to check. Fields and numbers of a later minor
 * version are there as they are. `maxBytes` is for what this program wrote itself, such as its state.
 * @throws {WireError} NOT_A_BLOCK, NEWER_VERSION, or MALFORMED, also where it is a message of another kind
 */
export function decodeMessage(bytes: Uint8Array, kind: string, maxBytes = MAX_MESSAGE_BYTES): unknown {
  const json = jsonOf(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), maxBytes);
  const message = parsed(json);
  if (!isObject(message) || typeof message['tl'] !== 'string') {
    throw new WireError('NOT_A_BLOCK', 'the JSON is no message of tripline');
  }
  const [major, minor] = Array.isArray(message['v']) ? (message['v'] as unknown[]) : [];
  if (!isVersion(major) || !isVersion(minor) || major < 1)
    throw new WireError('MALFORMED', 'a message without version');
  if (major > MAJOR) {
    throw new WireError('NEWER_VERSION', `message format ${major}, this program reads up to ${MAJOR}`);
  }
  if (message['tl'] !== kind) {
    throw new WireError('MALFORMED', `a message of kind ${JSON.stringify(message['tl'])}, expected ${kind}`);
  }
  if (!Object.hasOwn(message, 'body')) throw new WireError('MALFORMED', 'a message without body');
  return json.includes(`"${ESCAPE}"`) ? unescapeNumbers(message['body'], 0) : message['body'];
}

const isVersion = (value: unknown): value is number => Number.isInteger(value) && (value as number) >= 0;

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function jsonOf(bytes: Buffer, maxBytes: number): Buffer {
  if (bytes[0] === PLAIN) return bytes;
  if (bytes[0] !== DEFLATED) throw new WireError('NOT_A_BLOCK', 'the bytes do not begin as a message does');
  try {
    return inflateRawSync(bytes.subarray(1), { maxOutputLength: maxBytes });
  } catch (error) {
    throw new WireError('MALFORMED', `a message that does not inflate: ${(error as Error).message}`);
  }
}

function parsed(json: Buffer): unknown {
  if (!isUtf8(json)) throw new WireError('MALFORMED', 'a message that is no UTF-8');
  try {
    return JSON.parse(json.toString());
  } catch {
    // its message quotes the text, which may hold what nobody should read in a log
    throw new WireError('MALFORMED', 'a message that is no JSON');
  }
}

/** Keys from the body to the value that is looked at: a place is put into words only where something is wrong there. */
const TRAIL: (string | number)[] = [];

function placeAt(depth: number): string {
  const keys = TRAIL.slice(0, depth);
  return keys.reduce<string>((path, key) => path + (typeof key === 'number' ? `[${key}]` : `.${key}`), 'body');
}

/** Whether `value` holds what JSON would lose. Checks that it is plain data. */
function needsEscape(value: unknown, depth: number): boolean {
  if (typeof value === 'number') return !Number.isFinite(value) || Object.is(value, -0);
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return false;
  if (typeof value !== 'object') throw new TypeError(`${placeAt(depth)}: ${typeof value} is no plain data`);
  if (depth === MAX_DEPTH) throw new RangeError(`${placeAt(depth)}: nested over ${MAX_DEPTH} deep`);
  let found = Object.hasOwn(value, ESCAPE);
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      TRAIL[depth] = i;
      if (needsEscape(value[i], depth + 1)) found = true;
    }
    return found;
  }
  const prototype = Object.getPrototypeOf(value);
  // not `=== Object.prototype`: objects may come from another realm
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) {
    throw new TypeError(`${placeAt(depth)}: ${value.constructor?.name ?? 'an object'} is no plain data`);
  }
  for (const key of Object.keys(value)) {
    const field = (value as Record<string, unknown>)[key];
    TRAIL[depth] = key;
    if (field !== undefined && needsEscape(field, depth + 1)) found = true;
  }
  return found;
}

function escapeNumbers(value: unknown): unknown {
  if (typeof value === 'number') {
    if (Object.is(value, -0)) return { [ESCAPE]: '-0' };
    return Number.isFinite(value) ? value : { [ESCAPE]: String(value) };
  }
  if (Array.isArray(value)) return value.map(escapeNumbers);
  if (!isObject(value)) return value;
  // fromEntries, here and below: a key __proto__ stays a key
  const fields = Object.fromEntries(Object.entries(value).map(([key, field]) => [key, escapeNumbers(field)]));
  return Object.hasOwn(value, ESCAPE) ? { [ESCAPE]: fields } : fields;
}

function unescapeNumbers(value: unknown, depth: number): unknown {
  if (depth > MAX_DEPTH * 2) throw new WireError('MALFORMED', `a message nested over ${MAX_DEPTH} deep`);
  if (Array.isArray(value)) return value.map((element) => unescapeNumbers(element, depth + 1));
  if (!isObject(value)) return value;
  if (!Object.hasOwn(value, ESCAPE)) return unescapeFields(value, depth);
  const escaped = value[ESCAPE];
  const number = NUMBERS.get(escaped);
  if (Object.keys(value).length > 1 || (number === undefined && !isObject(escaped))) {
    throw new WireError('MALFORMED', 'an unknown escape in a message');
  }
  return number ?? unescapeFields(escaped as Record<string, unknown>, depth + 1);
}

const unescapeFields = (fields: Record<string, unknown>, depth: number): unknown =>
  Object.fromEntries(Object.entries(fields).map(([key, field]) => [key, unescapeNumbers(field, depth + 1)]));
