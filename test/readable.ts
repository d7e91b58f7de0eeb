import { gunzipSync } from 'node:zlib';
import {
  type Dictionary,
  F,
  Flag,
  type FragmentBlock,
  FragmentKind,
  FragmentWriter,
  NONE,
  U,
} from '../ingest/fragment.ts';
import type { ParserStats } from '../ingest/journal.ts';
import { createParser, type ParserOptions } from '../ingest/parser.ts';
import type { Reject } from '../ingest/reject.ts';
import { requestIdText } from '../ingest/request-id.ts';

/** A fragment as a person reads it: what is unknown is left out. */
export type Readable = Record<string, unknown>;

export interface Parsed {
  readonly fragments: Readable[];
  readonly rejects: Reject[];
  readonly stats: ParserStats;
}

const kindNames = new Map<number, string>(Object.entries(FragmentKind).map(([name, kind]) => [kind, name]));

function put(into: Readable, key: string, value: number | string, scale = 1): void {
  if (typeof value === 'string' ? value !== '' : !Number.isNaN(value))
    into[key] = typeof value === 'number' ? value / scale : value;
}

export function readable(block: FragmentBlock, i: number): Readable {
  const { f, u } = block;
  const dictionary: Dictionary = block.dictionary;
  const word = (offset: number): number => u[i * U.stride + offset]!;
  const number = (offset: number): number => f[i * F.stride + offset]!;
  const kindFlags = word(U.kindFlags);
  const is: Readable = { kind: kindNames.get(kindFlags & 0xff), fn: dictionary.text(word(U.fn)), time: number(F.time) };
  const flags = Object.entries(Flag).filter(([, bit]) => (kindFlags & bit) !== 0);
  if (flags.length > 0) is['flags'] = flags.map(([name]) => name).join(' ');
  put(is, 'version', dictionary.text(word(U.version)));
  put(is, 'stream', dictionary.text(word(U.stream)));
  put(is, 'logGroup', dictionary.text(word(U.logGroup)));
  const words = [U.id0, U.id1, U.id2, U.id3].map(word) as [number, number, number, number];
  put(is, 'id', requestIdText(dictionary.text(word(U.idText)), ...words));
  put(is, 'durationUs', number(F.durationUs));
  put(is, 'billedUs', number(F.billedUs));
  put(is, 'initUs', number(F.initUs));
  put(is, 'a', number(F.a));
  put(is, 'b', number(F.b));
  put(is, 'c', number(F.c));
  if (number(F.weight) !== 1) is['weight'] = number(F.weight);
  put(is, 'text', dictionary.text(word(U.text)));
  if (word(U.memorySizeKib) !== NONE) is['memoryMib'] = word(U.memorySizeKib) / 1024;
  if (word(U.memoryUsedKib) !== NONE) is['usedMib'] = word(U.memoryUsedKib) / 1024;
  return is;
}

export const LOG_GROUP = '/aws/lambda/checkout-api';

/** Parses bytes as one origin, cut after `cuts` bytes in turn; options as for a raw file unless told. */
export function parseAll(
  input: string | Uint8Array,
  options: Partial<ParserOptions> = {},
  cuts: readonly number[] = [],
): Parsed {
  const bytes = typeof input === 'string' ? Buffer.from(input) : input;
  const fragments: Readable[] = [];
  const rejects: Reject[] = [];
  const out = new FragmentWriter((block) => {
    for (let i = 0; i < block.n; i++) fragments.push(readable(block, i));
  });
  const gunzip = (data: Uint8Array): Uint8Array => gunzipSync(data, { maxOutputLength: 1 << 26 });
  const parser = createParser({ origin: 'test', gunzip, ...options }, out, (reject) => rejects.push(reject));
  let at = 0;
  for (const cut of cuts) {
    parser.push(bytes.subarray(at, at + cut));
    at = Math.min(bytes.length, at + cut);
  }
  parser.push(bytes.subarray(at));
  parser.end();
  out.flush();
  return { fragments, rejects, stats: parser.stats };
}

/** A subscription message of one function, one event a message, as CloudWatch writes it. */
export function dataMessage(messages: readonly string[], fields: Readable = {}): string {
  return JSON.stringify({
    messageType: 'DATA_MESSAGE',
    owner: '123456789012',
    logGroup: LOG_GROUP,
    logStream: '2026/11/21/[$LATEST]e6bd0f6b5c0a4c67a2d5c8f2b0c81d4e',
    subscriptionFilters: ['all'],
    logEvents: messages.map((message, i) => ({
      id: `3924${String(i).padStart(52, '0')}`,
      timestamp: 1795255200000 + i,
      message,
    })),
    ...fields,
  });
}
