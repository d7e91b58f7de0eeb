import { decodeMessage, encodeMessage } from '../../infra/envelope.ts';
import { openSnapshots, type Snapshots } from '../../infra/state.ts';
import type { Dictionary } from '../../ingest/fragment.ts';
import type { Reject } from '../../ingest/reject.ts';
import type { SourceSettings } from '../config-live.ts';
import { type FilePosition, FileReader } from './file-reader.ts';
import type { FragmentSink } from './fragment-sink.ts';
import { Lane, type LaneState } from './lane.ts';

const PAGE = 'positions';

interface State {
  readonly lane: LaneState;
  /** how many times it was saved: what makes snapshots follow each other */
  readonly turn: number;
  readonly files: readonly (readonly [path: string, position: FilePosition])[];
}

export interface SourceLaneOptions {
  readonly name: string;
  readonly stateDir: string;
  readonly sink: FragmentSink;
  readonly dictionary: () => Dictionary;
  readonly reject: (reject: Reject) => void;
  readonly onTrouble: (path: string, message: string) => void;
}

/** A file that is to be read, and what it does not tell itself. */
export interface FoundFile {
  readonly path: string;
  readonly settings: SourceSettings;
}

/** The files of one partition of `sources`: read in turn, one clock for all, positions kept in the state folder. */
export class SourceLane {
  readonly lane: Lane;
  readonly #options: SourceLaneOptions;
  readonly #snapshots: Snapshots;
  readonly #readers = new Map<string, FileReader>();
  readonly #known: Map<string, FilePosition>;
  #turn: number;
  /** nothing was left to read in the last round */
  isAtEnd = false;

  static async open(options: SourceLaneOptions): Promise<SourceLane> {
    const snapshots = await openSnapshots(options.stateDir);
    const snapshot = await snapshots.load();
    const page = snapshot?.pages.get(PAGE);
    const state = page === undefined ? null : (decodeMessage(page, 'positions') as State);
    return new SourceLane(options, snapshots, state);
  }

  private constructor(options: SourceLaneOptions, snapshots: Snapshots, state: State | null) {
    this.#options = options;
    this.#snapshots = snapshots;
    this.#known = new Map(state?.files ?? []);
    this.#turn = state?.turn ?? 0;
    this.lane = new Lane(options.name, options.sink, state?.lane);
  }

  get sources(): number {
    return this.#readers.size;
  }

  get totals(): { events: number; bytes: number } {
    let events = 0;
    let bytes = 0;
    for (const reader of this.#readers.values()) {
      events += reader.events;
      bytes += reader.bytes;
    }
    return { events, bytes };
  }

  /** These are the files to read from now on. */
  async follow(files: readonly FoundFile[]): Promise<void> {
    for (const [path, reader] of this.#readers) {
      if (files.some((file) => file.path === path)) continue;
      this.#known.set(path, reader.position); // should it come back
      this.#readers.delete(path);
      await reader.close();
    }
    for (const { path, settings } of files) {
      if (this.#readers.has(path)) continue;
      const { sink, dictionary, reject, onTrouble } = this.#options;
      const reader = new FileReader({
        path,
        settings,
        position: this.#known.get(path) ?? null,
        lane: this.lane,
        dictionary: dictionary(),
        reject,
        onTrouble: (message) => onTrouble(path, message),
        room: () => sink.push(),
      });
      this.#readers.set(path, reader);
      this.isAtEnd = false;
    }
  }

  renew(dictionary: Dictionary): void {
    for (const reader of this.#readers.values()) reader.renew(dictionary);
  }

  /** A piece of each file that has one. True when there was any. */
  async readRound(): Promise<boolean> {
    let isAnyMore = false;
    for (const reader of this.#readers.values()) {
      if ((await reader.read()) === 'more') isAnyMore = true;
      await this.#options.sink.push();
    }
    this.isAtEnd = !isAnyMore;
    return isAnyMore;
  }

  /** Keeps how far everything was read. What was read before is safe on the bus by then. @throws {StorageError} */
  async save(): Promise<void> {
    const files = new Map(this.#known);
    for (const [path, reader] of this.#readers) files.set(path, reader.position);
    const state: State = { lane: this.lane.state, turn: this.#turn + 1, files: [...files] };
    const pages = new Map([[PAGE, encodeMessage('positions', 0, state)]]);
    await this.#options.sink.settle();
    await this.#snapshots.save(pages, { turn: String(state.turn) }, null);
    this.#turn = state.turn;
  }

  async close(): Promise<void> {
    for (const reader of this.#readers.values()) await reader.close();
  }
}
