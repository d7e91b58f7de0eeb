import { FragmentWriter } from '../../ingest/fragment.ts';
import { createParser, type Parser, type Place } from '../../ingest/parser.ts';
import type { Reject } from '../../ingest/reject.ts';
import { logBytes, readFileBytes, SourceError } from '../../ingest/sources/bytes.ts';
import { type FileIdentity, TailedFile } from '../../ingest/sources/tail.ts';
import type { SourceSettings } from '../config-live.ts';
import { gunzip } from '../parts.ts';
import type { Lane } from './lane.ts';

const GZIP = [0x1f, 0x8b];
const START: Place = { offset: 0, line: 1 };

/** How far a file was read; what is kept between runs. */
export interface FilePosition extends Place {
  readonly identity: FileIdentity | null;
  /** a compressed file, which is read once and whole */
  readonly isDone: boolean;
}

export interface FileReaderOptions {
  readonly path: string;
  readonly settings: SourceSettings;
  readonly position: FilePosition | null;
  readonly lane: Lane;
  readonly dictionary: FragmentWriter['dictionary'];
  readonly reject: (reject: Reject) => void;
  readonly onTrouble: (message: string) => void;
  /** asked after every piece of a compressed file */
  readonly room: () => Promise<void>;
}

export type ReadResult = 'more' | 'end' | 'trouble';

/** One file that is followed: what is new in it, parsed and handed to its lane. */
export class FileReader {
  readonly #options: FileReaderOptions;
  readonly #writer: FragmentWriter;
  #parser: Parser;
  #file: TailedFile;
  #isDone: boolean;
  #isAtStart: boolean;
  #trouble = '';
  bytes = 0;

  constructor(options: FileReaderOptions) {
    const { position, lane, dictionary, path } = options;
    this.#options = options;
    this.#writer = new FragmentWriter((block) => lane.take(block), dictionary);
    this.#parser = this.#newParser(position ?? START);
    this.#file = new TailedFile(path, position?.offset ?? 0, position?.identity ?? null);
    this.#isDone = position?.isDone ?? false;
    this.#isAtStart = (position?.offset ?? 0) === 0;
  }

  #newParser(from: Place): Parser {
    const { path, settings, reject } = this.#options;
    const { logGroup, account, region } = settings;
    return createParser({ origin: path, logGroup, account, region, gunzip, from }, this.#writer, reject);
  }

  /** Takes the next piece. What was read of it is with the lane when this resolves. */
  async read(): Promise<ReadResult> {
    if (this.#isDone) return 'end';
    const event = await this.#file.read();
    switch (event.kind) {
      case 'bytes':
        if (this.#isAtStart && GZIP.every((byte, i) => event.bytes[i] === byte)) return await this.#readWhole();
        this.#isAtStart = false;
        this.bytes += event.bytes.length;
        this.#parser.push(event.bytes);
        this.#writer.flush();
        return 'more';
      case 'replaced':
        this.#parser.end();
        this.#writer.flush();
        this.#parser = this.#newParser(START);
        this.#isAtStart = true;
        return 'more';
      case 'end':
        this.#parser.settle();
        this.#writer.flush();
        return 'end';
      case 'trouble':
        this.#complain(event.message);
        return 'trouble';
    }
  }

  /** A file of gzip is finished when it appears under its name. */
  async #readWhole(): Promise<ReadResult> {
    const { path, room } = this.#options;
    try {
      for await (const chunk of logBytes(readFileBytes(path, null))) {
        this.bytes += chunk.length;
        this.#parser.push(chunk);
        this.#writer.flush();
        await room();
      }
    } catch (error) {
      if (!(error instanceof SourceError)) throw error;
      this.#complain(error.message);
    }
    this.#parser.end();
    this.#writer.flush();
    this.#isDone = true;
    await this.#file.close();
    return 'end';
  }

  /** Says a trouble once, until it is another. */
  #complain(message: string): void {
    if (message === this.#trouble) return;
    this.#trouble = message;
    this.#options.onTrouble(message);
  }

  /** Goes on with another dictionary: what it was given has grown too large. */
  renew(dictionary: FragmentWriter['dictionary']): void {
    this.#writer.renew(dictionary);
  }

  get position(): FilePosition {
    const { offset, line } = this.#parser.wholeUpTo;
    return { offset, line, identity: this.#file.identity, isDone: this.#isDone };
  }

  get events(): number {
    return this.#parser.stats.events;
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}
