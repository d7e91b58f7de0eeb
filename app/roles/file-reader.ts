import type { FieldMapping } from '../../ingest/clouds/mapping.ts';
import { FragmentWriter } from '../../ingest/fragment.ts';
import { createParser, type Parser, type Place } from '../../ingest/parser.ts';
import type { Reject } from '../../ingest/reject.ts';
import { logBytes, SourceError } from '../../ingest/sources/bytes.ts';
import { type FileIdentity, TailedFile } from '../../ingest/sources/tail.ts';
import type { FileSourceSettings } from '../config-sources.ts';
import { gunzip } from '../parts.ts';
import type { Lane } from './lane.ts';

const GZIP = [0x1f, 0x8b];
const START: Place = { offset: 0, line: 1 };

/** How far a file was read; what is kept between runs. */
export interface FilePosition extends Place {
  readonly identity: FileIdentity | null;
  /** a compressed file, which was read to its end; before that its offset is 0 */
  readonly isDone: boolean;
  /** how it looked when it was put aside: nobody has to open it before it looks different */
  readonly seen?: { readonly sizeBytes: number; readonly modifiedMs: number };
  readonly isGzip?: true;
  /** since when it has not had this name any more, ms since 1970 */
  readonly goneMs?: number;
  readonly settings?: Origin;
}

/** What is kept of a lane; a name stands more than once when it meant other files before. */
export type Positions = readonly (readonly [path: string, position: FilePosition])[];

/** What lines do not tell themselves. */
export type Origin = Pick<FileSourceSettings, 'logGroup' | 'account' | 'region'>;

/** Compressed files of a lane are unpacked one at a time: each takes megabytes. */
export interface GzipTurn {
  reader: FileReader | null;
}

export interface FileReaderOptions {
  readonly path: string;
  readonly settings: Origin;
  readonly position: FilePosition | null;
  readonly lane: Lane;
  readonly dictionary: FragmentWriter['dictionary'];
  readonly reject: (reject: Reject) => void;
  readonly onTrouble: (path: string, message: string) => void;
  readonly gzipTurn: GzipTurn;
  /** what JSON means that is not of a known format */
  readonly fields?: readonly FieldMapping[] | undefined;
}

/** `waits`: for its turn. `aside`: nothing more is to be read of it until it looks different, see `position.seen`. */
export type ReadResult = 'more' | 'waits' | 'end' | 'replaced' | 'aside' | 'trouble';

/** One file that is followed, whatever it is called by now: what is new in it, parsed and handed to its lane. */
export class FileReader {
  readonly #options: FileReaderOptions;
  readonly #writer: FragmentWriter;
  readonly #file: TailedFile;
  #parser: Parser;
  #unpacked: AsyncIterator<Uint8Array> | null = null;
  #isGzip = false;
  #isDone = false;
  #isAside = false;
  #isAtStart: boolean;
  #after: FileReader | null = null;
  #trouble = '';
  #events = 0;
  /** what the last read said */
  last: ReadResult = 'more';
  bytes = 0;

  constructor(options: FileReaderOptions) {
    const { position, lane, dictionary, path } = options;
    this.#options = options;
    this.#writer = new FragmentWriter((block) => lane.take(block), dictionary);
    this.#parser = this.#newParser(position ?? START);
    this.#file = new TailedFile(path, position?.offset ?? 0, position?.identity ?? null);
    this.#isAtStart = (position?.offset ?? 0) === 0;
  }

  #newParser(from: Place): Parser {
    const { path, settings, reject, fields } = this.#options;
    const { logGroup, account, region } = settings;
    return createParser({ origin: path, logGroup, account, region, fields, gunzip, from }, this.#writer, reject);
  }

  get path(): string {
    return this.#file.path;
  }

  get identity(): FileIdentity | null {
    return this.#file.identity;
  }

  /** `reader` is read to its end before this one is begun: it has what the name meant before. */
  waitFor(reader: FileReader): void {
    // names may have been swapped: nobody waits for one that waits for him
    for (let other: FileReader | null = reader; other !== null; other = other.#after) if (other === this) return;
    this.#after = reader;
  }

  /** It is called so now. */
  rename(path: string): void {
    this.#file.path = path;
    if (this.last === 'replaced') this.last = 'end';
  }

  /** Takes the next piece, by way of `buffer`. What was read of it is with the lane when this resolves. */
  async read(buffer: Buffer): Promise<ReadResult> {
    if (this.#after !== null) {
      const { last } = this.#after;
      if (last === 'more' || last === 'waits') {
        this.last = 'waits';
        return this.last;
      }
      this.#after = null;
    }
    this.last = await (this.#isGzip ? this.#unpack() : this.#read(buffer));
    return this.last;
  }

  async #read(buffer: Buffer): Promise<ReadResult> {
    const event = await this.#file.read(buffer);
    switch (event.kind) {
      case 'bytes':
        return await this.#take(event.bytes);
      case 'cut':
        this.#parser.end();
        this.#writer.flush();
        this.#begin();
        return 'more';
      case 'end':
        this.#parser.settle();
        this.#writer.flush();
        return event.isReplaced ? 'replaced' : 'end';
      case 'elsewhere':
        return 'replaced';
      case 'trouble':
        this.#complain(event.message);
        return 'trouble';
    }
  }

  async #take(bytes: Uint8Array): Promise<ReadResult> {
    if (this.#isAtStart && bytes[0] === GZIP[0]) {
      if (bytes.length < GZIP.length) {
        this.#file.rewind(); // too little to tell
        return 'end';
      }
      this.#isGzip = bytes[1] === GZIP[1];
      if (this.#isGzip) return await this.#unpack();
    }
    this.#isAtStart = false;
    this.bytes += bytes.length;
    this.#parser.push(bytes);
    this.#writer.flush();
    return 'more';
  }

  #begin(): void {
    this.#events += this.#parser.stats.events;
    this.#parser = this.#newParser(START);
    this.#isAtStart = true;
  }

  /** The next piece of what a compressed file holds. One that is not whole is begun anew when it looks different. */
  async #unpack(): Promise<ReadResult> {
    const turn = this.#options.gzipTurn;
    turn.reader ??= this;
    if (turn.reader !== this) {
      await this.#file.close(); // many may wait
      return 'waits';
    }
    this.#unpacked ??= logBytes(this.#file.bytes())[Symbol.asyncIterator]();
    try {
      const next = await this.#unpacked.next();
      if (next.done !== true) {
        this.bytes += next.value.length;
        this.#parser.push(next.value);
        this.#writer.flush();
        return 'more';
      }
      this.#parser.end();
      this.#isDone = true;
    } catch (error) {
      if (!(error instanceof SourceError)) throw error;
      this.#parser.settle();
      this.#complain(`${error.message}; it is tried again when it has changed`);
    }
    this.#writer.flush();
    this.#isAside = true;
    await this.close();
    return 'aside';
  }

  /** Says a trouble once, until it is another. */
  #complain(message: string): void {
    if (message === this.#trouble) return;
    this.#trouble = message;
    this.#options.onTrouble(this.path, message);
  }

  /** Goes on with another dictionary: what it was given has grown too large. */
  renew(dictionary: FragmentWriter['dictionary']): void {
    this.#writer.renew(dictionary);
  }

  /** What was read up to here is with the lane. */
  get position(): FilePosition {
    const { identity, look } = this.#file;
    const { offset, line } = this.#isGzip ? START : this.#parser.wholeUpTo;
    const position: FilePosition = {
      offset,
      line,
      identity,
      isDone: this.#isDone,
      ...(this.#isGzip && { isGzip: true }),
    };
    if (!this.#isAside || look === null) return position;
    return { ...position, seen: { sizeBytes: look.sizeBytes, modifiedMs: look.modifiedMs } };
  }

  /** Puts a file aside that has said nothing for long: its position says how it looks. */
  setAside(): void {
    this.#isAside = true;
  }

  get events(): number {
    return this.#events + this.#parser.stats.events;
  }

  async close(): Promise<void> {
    const { gzipTurn } = this.#options;
    if (gzipTurn.reader === this) gzipTurn.reader = null;
    await this.#unpacked?.return?.();
    this.#unpacked = null;
    await this.#file.close();
  }
}
