import { ascii, Byte } from '../bytes.ts';
import type { JsonObject } from '../formats/log-event.ts';
import { isSpace } from '../text.ts';

/** A JSON array, or the list of events of an object, whose elements are read one by one so that it may be of any length. */
export interface Container {
  readonly isList: boolean;
  /** fields of a query row whose pairs stand directly in this array */
  readonly pairs: JsonObject[];
}

/** How a subscription message begins. */
export const MESSAGE_TYPE = ascii('{"messageType"');

/** What begins at `q`. An array begins with `[{`, `[[` or `[]`: log lines begin with `[INFO]`. */
export function openingAt(
  bytes: Uint8Array,
  q: number,
  isLast: boolean,
  maxBytes: number,
): 'object' | 'array' | 'text' | 'more' {
  const isBrace = bytes[q] === Byte.openBrace;
  if (!isBrace && bytes[q] !== Byte.openBracket) return 'text';
  if (isBrace) return bytes.length - q < MESSAGE_TYPE.length && !isLast ? 'more' : 'object';
  let next = q + 1;
  while (isSpace(bytes[next])) next++;
  if (next - q > maxBytes) return 'text';
  if (next === bytes.length) return isLast ? 'text' : 'more';
  return bytes[next] === Byte.openBrace || bytes[next] === Byte.openBracket || bytes[next] === Byte.closeBracket
    ? 'array'
    : 'text';
}
