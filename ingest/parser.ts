import { indexOfByte } from './bytes.ts';
import { SubscriptionBytes } from './envelopes/subscription-bytes.ts';
import type { FragmentWriter } from './fragment.ts';
import { Framer } from './framer.ts';
import { exportedStream, Identities, type LogStream } from './identity.ts';
import { Journal, type ParserStats } from './journal.ts';
import { MessageReader } from './message-reader.ts';
import type { ParserOptions, Place, Reading } from './reading.ts';
import { Recorder } from './recorder.ts';
import type { Reject } from './reject.ts';

export type { ParserStats } from './journal.ts';
export type { ParserOptions, Place } from './reading.ts';

export interface Parser {
  /** Takes the next bytes of the decompressed origin, cut anywhere; keeps nothing of `chunk` itself. */
  push(chunk: Uint8Array): void;
  /**
   * Where a later parser may begin (`from` of its options): everything before it is in `out` or among the rejects. What an
   * earlier line said of an invocation that goes on behind it is not known there.
   */
  readonly wholeUpTo: Place;
  /** Nothing came for a while: the last line, to which more lines could have belonged, is read as it is. */
  settle(): void;
  /**
   * Reads bytes that stand alone, such as one record of a request, as a parser of their own would, but with the tables of
   * this one: places are counted from their start. For a parser that is never given a `push`.
   * @param timeMs of lines that tell none, such as when they were sent; NaN: they are rejected
   */
  readAlone(bytes: Uint8Array, timeMs: number): void;
  /** The origin is at its end: what waited for more bytes is read or rejected. Call once, and then nothing else. */
  end(): void;
  readonly stats: ParserStats;
}

const NEWLINE = 0x0a;
const MAX_NESTING = 3;
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];

/**
 * Bytes of one origin in, fragments out; envelopes and formats are recognised value by value. The same bytes give the same
 * fragments however they are cut. Whatever is not understood becomes a reject, never an exception. Holds at most one
 * unfinished value (64 MiB) besides its tables of names. Subscription messages take about 0.5 µs an invocation, other
 * shapes 3–5 µs a log event. The caller flushes `out`.
 */
export function createParser(options: ParserOptions, out: FragmentWriter, reject: (reject: Reject) => void): Parser {
  const reading = createReading(options, out, reject);
  const { framer, journal, renew } = reading;
  const tail = new Tail();
  let isStart = true;
  function push(given: Uint8Array): void {
    renew();
    // one class of array in all that follows: a Buffer among plain arrays would halve the speed of every access
    const chunk = new Uint8Array(given.buffer, given.byteOffset, given.length);
    journal.stats.bytes += chunk.length;
    let rest = chunk;
    if (isStart || tail.length > 0) {
      // complete the unfinished value first, so that whole values are read where they lie
      const newline = indexOfByte(chunk, NEWLINE, 0);
      tail.append(chunk.subarray(0, newline + 1));
      rest = chunk.subarray(newline + 1);
      if (isStart && !startsReading(false)) {
        tail.append(rest);
        return;
      }
      if (newline >= 0) tail.drop(framer.read(tail.bytes, false));
      if (tail.length > 0) {
        tail.append(rest);
        tail.drop(framer.read(tail.bytes, false));
        return;
      }
    }
    tail.append(rest.subarray(framer.read(rest, false)));
  }

  /** Drops a byte order mark; false while it cannot be told whether there is one. */
  function startsReading(isLast: boolean): boolean {
    const isMark = BYTE_ORDER_MARK.every((byte, i) => i >= tail.length || tail.bytes[i] === byte);
    if (isMark && tail.length < BYTE_ORDER_MARK.length && !isLast) return false;
    isStart = false;
    if (isMark && tail.length >= BYTE_ORDER_MARK.length) {
      tail.drop(BYTE_ORDER_MARK.length);
      framer.advance(BYTE_ORDER_MARK.length);
    }
    return true;
  }

  function end(): void {
    renew();
    if (isStart) startsReading(true);
    framer.read(tail.bytes, true);
  }

  return {
    push,
    end,
    readAlone: (bytes, timeMs) => readAlone(reading, bytes, timeMs),
    settle() {
      renew();
      framer.settle();
    },
    get wholeUpTo() {
      return framer.wholeUpTo;
    },
    stats: journal.stats,
  };
}

type OwnReading = Reading & { readonly framer: Framer; renew(): void };

function readAlone({ framer, journal, renew }: OwnReading, given: Uint8Array, timeMs: number): void {
  renew();
  const bytes = new Uint8Array(given.buffer, given.byteOffset, given.length);
  journal.stats.bytes += bytes.length;
  framer.restart(timeMs);
  const markBytes = BYTE_ORDER_MARK.every((byte, i) => bytes[i] === byte) ? BYTE_ORDER_MARK.length : 0;
  framer.advance(markBytes);
  framer.read(bytes.subarray(markBytes), true);
}

function createReading(options: ParserOptions, out: FragmentWriter, reject: (reject: Reject) => void): OwnReading {
  const identities = new Identities(out.dictionary);
  const recorder = new Recorder(out);
  const journal = new Journal(options.origin, reject);
  const messages = new MessageReader(recorder, journal, identities);
  const subscriptions = new SubscriptionBytes(identities, recorder, journal, messages, options.region ?? null);
  const account = options.account ?? null;
  const region = options.region ?? null;
  const exported = exportedStream(options.origin);
  let nesting = 0;

  const reading: Reading = {
    options,
    identities,
    recorder,
    journal,
    messages,
    whyUnplaced: ({ group }: LogStream) => (group.name === '' ? 'no log group' : "log group is not a function's"),
    streamNamed: (name) =>
      identities.stream(identities.group(account, region, options.logGroup ?? ''), name || exported),
    nested(bytes) {
      if (nesting === MAX_NESTING) {
        journal.reject('nested too deep', '');
        return;
      }
      nesting++;
      const { offset, line } = journal;
      new Framer(reading, subscriptions, false).read(bytes, true);
      nesting--;
      journal.offset = offset;
      journal.line = line;
    },
  };
  let { dictionary } = out;
  /** `out` may have begun a new dictionary since the last call. */
  const renew = () => {
    if (out.dictionary === dictionary) return;
    dictionary = out.dictionary;
    identities.renew(dictionary);
    recorder.renew();
    subscriptions.renew(dictionary);
  };
  return { ...reading, framer: new Framer(reading, subscriptions, true), renew };
}

/** The bytes that wait for more, at the start of a buffer that grows. */
class Tail {
  #buffer = new Uint8Array(64 * 1024);
  #start = 0;
  #end = 0;

  get length(): number {
    return this.#end - this.#start;
  }

  get bytes(): Uint8Array {
    return this.#buffer.subarray(this.#start, this.#end);
  }

  append(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    if (this.#end + bytes.length > this.#buffer.length) this.#makeRoom(this.length + bytes.length);
    this.#buffer.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  drop(count: number): void {
    this.#start += count;
    if (this.#start === this.#end) {
      this.#start = 0;
      this.#end = 0;
    }
  }

  #makeRoom(needed: number): void {
    const target =
      needed > this.#buffer.length ? new Uint8Array(Math.max(needed, this.#buffer.length * 2)) : this.#buffer;
    target.set(this.bytes);
    this.#end = this.length;
    this.#start = 0;
    this.#buffer = target;
  }
}
