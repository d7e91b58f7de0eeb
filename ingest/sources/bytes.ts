import { type FileHandle, open } from 'node:fs/promises';
import { createGunzip, type Gunzip } from 'node:zlib';
import { contentOf, HEAD_BYTES } from './content.ts';
import { describeSystemError } from './inputs.ts';

export type Bytes = AsyncIterable<Uint8Array>;

/** The input cannot be read, or no further. What was handed out before it stands. */
export class SourceError extends Error {
  override readonly name = 'SourceError';
  readonly code = 'BAD_SOURCE';
}

/** Bytes read at once. */
const CHUNK_BYTES = 4 * 1024 * 1024;

/** Chunks whose memory is used in turn: fresh memory for each would keep the collector busy. */
const CHUNKS = 8;

/**
 * A file's bytes in large chunks. A chunk holds its bytes until seven more have been asked for: nobody may keep one longer,
 * nor read further ahead. @throws {SourceError} when it cannot be opened, or read to its end
 */
export async function* readFileBytes(path: string, sizeBytes: number | null): AsyncGenerator<Uint8Array, void> {
  const file = await attempt(() => open(path));
  try {
    // one more than there is, to see the end in the same read; not less than a little, should the file have grown
    const chunkBytes = Math.min(CHUNK_BYTES, Math.max(64 * 1024, (sizeBytes ?? CHUNK_BYTES) + 1));
    const ring: Buffer[] = [];
    for (let turn = 0; ; turn = (turn + 1) % CHUNKS) {
      ring[turn] ??= Buffer.allocUnsafeSlow(chunkBytes);
      const chunk = await readChunk(file, ring[turn]!);
      if (chunk.length > 0) yield chunk;
      if (chunk.length < chunkBytes) return;
    }
  } finally {
    await file.close();
  }
}

async function readChunk(file: FileHandle, buffer: Buffer): Promise<Uint8Array> {
  let filled = 0;
  while (filled < buffer.length) {
    const { bytesRead } = await attempt(() => file.read(buffer, filled, buffer.length - filled));
    if (bytesRead === 0) break; // a pipe may give less than was asked, the end gives nothing
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}

async function attempt<T>(action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw new SourceError(describeSystemError(error), { cause: error });
  }
}

/** Starts to read at once and keeps `depth` chunks in advance, so that reading and unpacking go on while others compute. */
export function readAhead(bytes: Bytes, depth: number): AsyncGenerator<Uint8Array, void> {
  const iterator = bytes[Symbol.asyncIterator]();
  const pending: Promise<IteratorResult<Uint8Array>>[] = [];
  const ask = () => {
    const next = iterator.next();
    next.catch(() => {}); // it is thrown when its turn comes
    pending.push(next);
  };
  for (let i = 0; i < depth; i++) ask();
  return (async function* () {
    try {
      for (let next = pending.shift(); next !== undefined; next = pending.shift()) {
        const result = await next;
        if (result.done === true) return;
        ask();
        yield result.value;
      }
    } finally {
      await iterator.return?.();
    }
  })();
}

/** gzip inside gzip inside gzip: as deep as we look. */
const MAX_LAYERS = 3;

/**
 * The text behind the bytes of an input, as UTF-8: gzip (of any number of members) is unpacked, UTF-16 recoded, a byte
 * order mark removed. Known by content, never by name.
 * @throws {SourceError} when it is nothing that can hold a log, or, after all that could be had, when it is damaged
 */
export async function* logBytes(raw: Bytes): AsyncGenerator<Uint8Array, void> {
  let bytes = raw;
  for (let layer = 0; ; layer++) {
    const { head, all } = await peek(bytes);
    const content = contentOf(head);
    switch (content.kind) {
      case 'unreadable':
        throw new SourceError(content.reason);
      case 'empty':
        throw new SourceError('empty file');
      case 'utf-16le':
      case 'utf-16be':
        yield* recode(all, content.kind);
        return;
      case 'text':
        yield* all;
        return;
      case 'gzip':
        if (layer === MAX_LAYERS) throw new SourceError(`gzip nested more than ${MAX_LAYERS} times`);
        bytes = gunzip(all);
    }
  }
}

/** The first bytes, enough to tell the content, and an iterable over all of them, without a UTF-8 byte order mark. */
async function peek(bytes: Bytes): Promise<{ head: Uint8Array; all: Bytes }> {
  const iterator = bytes[Symbol.asyncIterator]();
  let head: Uint8Array = new Uint8Array(0);
  let failure: unknown = null; // thrown behind what was read before it
  while (head.length < HEAD_BYTES && failure === null) {
    try {
      const next = await iterator.next();
      if (next.done === true) break;
      head = head.length === 0 ? next.value : Buffer.concat([head, next.value]);
    } catch (error) {
      if (head.length === 0) throw error;
      failure = error;
    }
  }
  const all = (async function* () {
    try {
      yield withoutMark(head);
      if (failure !== null) throw failure;
      for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) yield next.value;
    } finally {
      await iterator.return?.();
    }
  })();
  return { head: withoutMark(head).subarray(0, HEAD_BYTES), all };
}

function withoutMark(head: Uint8Array): Uint8Array {
  return head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf ? head.subarray(3) : head;
}

async function* recode(bytes: Bytes, encoding: string): AsyncGenerator<Uint8Array, void> {
  const decoder = new TextDecoder(encoding); // takes the byte order mark away
  for await (const chunk of bytes) yield Buffer.from(decoder.decode(chunk, { stream: true }));
  const rest = decoder.decode();
  if (rest !== '') yield Buffer.from(rest);
}

/** What goes to zlib at once. What it unpacked of a piece before it met damage is lost, so pieces are small. */
const PIECE_BYTES = 64 * 1024;
const GUNZIP = {
  chunkSize: 1024 * 1024,
  // room for zlib's own thread to run ahead while this one computes
  readableHighWaterMark: 8 * 1024 * 1024,
  writableHighWaterMark: 1024 * 1024,
};

/** Unpacks gzip of one or more members, on zlib's thread. @throws {SourceError} behind all that could be unpacked */
async function* gunzip(bytes: Bytes): AsyncGenerator<Uint8Array, void> {
  const stream = createGunzip(GUNZIP);
  const fed = feed(bytes, stream);
  fed.catch((error) => stream.destroy(error)); // the source failed: thrown below, by the stream
  try {
    for await (const chunk of stream) yield chunk;
  } catch (error) {
    throw describeGzipError(error);
  }
}

/** Writes everything in small pieces, whatever the source's cut, and ends once the last one is unpacked. */
async function feed(bytes: Bytes, stream: Gunzip): Promise<void> {
  const closed = new Promise<void>((resolve) => stream.once('end', resolve).once('close', resolve));
  let carry = Buffer.alloc(0);
  const write = (piece: Uint8Array) =>
    new Promise<void>((resolve) => {
      const isFull = !stream.write(piece, () => isFull && resolve());
      if (!isFull) resolve();
      void closed.then(resolve);
    });
  for await (const chunk of bytes) {
    let at = 0;
    if (carry.length > 0) at = Math.min(PIECE_BYTES - carry.length, chunk.length);
    carry = at > 0 ? Buffer.concat([carry, chunk.subarray(0, at)]) : carry;
    if (carry.length === PIECE_BYTES) {
      await write(carry);
      carry = Buffer.alloc(0);
    }
    for (; chunk.length - at >= PIECE_BYTES; at += PIECE_BYTES) await write(chunk.subarray(at, at + PIECE_BYTES));
    if (at < chunk.length) carry = Buffer.from(chunk.subarray(at));
    if (stream.destroyed) return;
  }
  // `end` before the last piece is through would make zlib drop what it unpacked of a truncated one
  await new Promise<void>((resolve) => {
    stream.write(carry, () => resolve());
    void closed.then(resolve);
  });
  stream.end();
}

function describeGzipError(error: unknown): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'Z_BUF_ERROR') return new SourceError('truncated gzip: it ends in the middle', { cause: error });
  if (code === 'Z_DATA_ERROR') return new SourceError(`damaged gzip: ${(error as Error).message}`, { cause: error });
  return error;
}
