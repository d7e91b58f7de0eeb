import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';

/** The request is refused; `status` says how, the message why. It is fit for whoever called. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: number;
  /** seconds after which to come again, 0 = not told */
  readonly retryAfterS: number;

  constructor(status: number, message: string, retryAfterS = 0) {
    super(message);
    this.status = status;
    this.retryAfterS = retryAfterS;
  }
}

/** Bytes of all bodies under way. */
export class InFlight {
  readonly #maxBytes: number;
  bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** @throws {Refusal} 503 where there is no room for so many more; one body alone always has room */
  take(bytes: number, ownBytes: number): void {
    if (this.bytes + bytes > this.#maxBytes && this.bytes > ownBytes)
      throw new Refusal(503, 'too much is under way', 1);
    this.bytes += bytes;
  }

  giveBack(bytes: number): void {
    this.bytes -= bytes;
  }
}

export interface BodyOptions {
  /** as the header has it */
  readonly encoding: string | undefined;
  /** as the header has it, NaN = not told */
  readonly announcedBytes: number;
  readonly maxBytes: number;
  readonly inFlight: InFlight;
}

/** The body of one request as it comes, unpacked; it counts as under way until `release`. */
export class RequestBody {
  readonly #raw: Readable;
  readonly #options: BodyOptions;
  #heldBytes = 0;
  /** it is being waited for */
  isComing = false;

  constructor(raw: Readable, options: BodyOptions) {
    this.#raw = raw;
    this.#options = options;
  }

  /** @throws {Refusal} before anything is read: an encoding that we do not know, or too large by what it says itself */
  check(): void {
    const { encoding, announcedBytes, maxBytes, inFlight } = this.#options;
    if (encoding !== undefined && encoding !== 'identity' && encoding !== 'gzip')
      throw new Refusal(415, 'content-encoding must be gzip or identity');
    if (announcedBytes > maxBytes) throw tooLarge(maxBytes);
    if (!Number.isNaN(announcedBytes)) this.#hold(announcedBytes, inFlight);
  }

  #hold(bytes: number, inFlight: InFlight): void {
    if (bytes <= this.#heldBytes) return;
    inFlight.take(bytes - this.#heldBytes, this.#heldBytes);
    this.#heldBytes = bytes;
  }

  /** In pieces whose memory is theirs. May be called once. @throws {Refusal} */
  async *chunks(): AsyncGenerator<Uint8Array, void> {
    const { encoding, maxBytes, inFlight } = this.#options;
    const stream = encoding === 'gzip' ? unpacked(this.#raw, maxBytes) : this.#raw;
    // the socket must stay: a refusal goes out by it
    const pieces = stream.iterator({ destroyOnReturn: stream !== this.#raw }) as AsyncIterable<Uint8Array>;
    let bytes = 0;
    this.isComing = true;
    try {
      for await (const chunk of pieces) {
        bytes += chunk.length;
        if (bytes > maxBytes) throw tooLarge(maxBytes);
        this.#hold(bytes, inFlight);
        yield chunk;
      }
    } catch (error) {
      throw refusalOf(error);
    } finally {
      if (stream !== this.#raw) stream.destroy();
    }
    this.isComing = false;
  }

  /** All of it at once. @throws {Refusal} */
  async whole(): Promise<Uint8Array> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of this.chunks()) chunks.push(chunk);
    return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
  }

  release(): void {
    this.#options.inFlight.giveBack(this.#heldBytes);
    this.#heldBytes = 0;
  }
}

const tooLarge = (maxBytes: number): Refusal =>
  new Refusal(413, `the body is larger than ${Math.floor(maxBytes / (1024 * 1024))} MiB`);

function unpacked(raw: Readable, maxBytes: number): Readable {
  const gunzip = createGunzip({ chunkSize: 64 * 1024 });
  let bytes = 0;
  raw.on('data', (chunk: Uint8Array) => {
    bytes += chunk.length;
    if (bytes > maxBytes) gunzip.destroy(tooLarge(maxBytes));
  });
  raw.on('error', (error) => gunzip.destroy(error));
  raw.on('close', () => {
    if (!raw.readableEnded) gunzip.destroy(new Refusal(400, 'the body ended early'));
  });
  return raw.pipe(gunzip);
}

/** What went wrong with a body, in words for the caller; anything that is not of the body's making stays what it is. */
function refusalOf(error: unknown): unknown {
  if (error instanceof Refusal) return error;
  const { code = '' } = error as NodeJS.ErrnoException;
  if (code === 'Z_BUF_ERROR') return new Refusal(400, 'truncated gzip');
  if (code.startsWith('Z_')) return new Refusal(400, 'damaged gzip');
  if (code === 'ECONNRESET' || code === 'ERR_STREAM_PREMATURE_CLOSE' || code === 'ERR_STREAM_DESTROYED')
    return new Refusal(400, 'the body ended early');
  return error;
}
