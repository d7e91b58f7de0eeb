import { decodeMessage, encodeMessage } from '../../infra/envelope.ts';
import { openSnapshots, type Snapshots } from '../../infra/state.ts';
import type { FieldMapping } from '../../ingest/clouds/mapping.ts';
import type { Dictionary } from '../../ingest/fragment.ts';
import type { Reject } from '../../ingest/reject.ts';
import { TAIL_BYTES } from '../../ingest/sources/tail.ts';
import type { Positions } from './file-reader.ts';
import type { FoundFile } from './followed-file.ts';
import { FollowedFiles } from './followed-files.ts';
import type { FragmentSink } from './fragment-sink.ts';
import { Lane, type LaneState } from './lane.ts';

const PAGE = 'positions';
/** A page of more would exceed what a message may be. */
const FILES_A_PAGE = 2_000;
/** Where nothing is read, only time goes on: it is kept so often, ms. */
const TIME_KEPT_MS = 60_000;

interface State {
  readonly lane: LaneState;
  /** how many times it was saved: what makes snapshots follow each other */
  readonly turn: number;
  readonly files: Positions;
}

export interface SourceLaneOptions {
  readonly name: string;
  readonly stateDir: string;
  readonly sink: FragmentSink;
  readonly dictionary: () => Dictionary;
  readonly reject: (reject: Reject) => void;
  readonly onTrouble: (path: string, message: string) => void;
  /** what JSON means that is not of a known format */
  readonly fields?: readonly FieldMapping[] | undefined;
  /** wall clock, ms since 1970 */
  /** wall clock, ms since 1970 */
  readonly nowMs: () => number;
  /** a clock that never jumps, ms */
  readonly elapsedMs: () => number;
}

/** The files of one partition of `sources`: read in turn, one clock for all, positions kept in the state folder. */
export class SourceLane {
  readonly lane: Lane;
  readonly #options: SourceLaneOptions;
  readonly #snapshots: Snapshots;
  readonly #files: FollowedFiles;
  /** all files of the lane are read by way of it, one after the other */
  readonly #buffer = Buffer.allocUnsafeSlow(TAIL_BYTES);
  #turn: number;
  #saved = '';
  /** nothing was left to read in the last round */
  isAtEnd = false;

  static async open(options: SourceLaneOptions): Promise<SourceLane> {
    const snapshots = await openSnapshots(options.stateDir);
    const pages = (await snapshots.load())?.pages;
    const states = [...(pages ?? [])].map(([, page]) => decodeMessage(page, PAGE) as State);
    return new SourceLane(options, snapshots, states);
  }

  private constructor(options: SourceLaneOptions, snapshots: Snapshots, states: readonly State[]) {
    this.#options = options;
    this.#snapshots = snapshots;
    this.#turn = Math.max(0, ...states.map(({ turn }) => turn));
    this.lane = new Lane(options.name, options.sink, states[0]?.lane);
    const { dictionary, reject, onTrouble, nowMs, elapsedMs, fields } = options;
    const follow = {
      lane: this.lane,
      fields,
      dictionary,
      reject,
      onTrouble,
      nowMs,
      elapsedMs,
      gzipTurn: { reader: null },
    };
    this.#files = new FollowedFiles(
      follow,
      states.flatMap(({ files }) => files),
    );
  }

  /** how many files have a name that is followed */
  get sources(): number {
    return this.#files.size;
  }

  get totals(): { events: number; bytes: number } {
    return this.#files.totals;
  }

  /** These are the files to read from now on. */
  async follow(files: readonly FoundFile[]): Promise<void> {
    if (await this.#files.follow(files)) this.isAtEnd = false;
  }

  /** A name means another file by now: worth looking for files before the time. */
  get hasReplaced(): boolean {
    return this.#files.hasReplaced;
  }

  renew(dictionary: Dictionary): void {
    this.#files.renew(dictionary);
  }

  /** A piece of each file that has one. True when there was any. */
  async readRound(isStopped: () => boolean): Promise<boolean> {
    const isAnyMore = await this.#files.readRound(this.#buffer, () => this.#options.sink.push(), isStopped);
    this.isAtEnd = !isAnyMore;
    return isAnyMore;
  }

  /**
   * How far everything was read, as of now. The function that is returned keeps it, unless it is kept already: call it when
   * all that was read, and what was rejected of it, is safe on the bus. @throws {StorageError}
   */
  capture(): () => Promise<void> {
    const signature = `${this.#files.progress} ${Math.floor(this.lane.watermarkMs / TIME_KEPT_MS)}`;
    if (signature === this.#saved) return async () => {};
    const turn = ++this.#turn;
    const files = this.#files.positions;
    const pages = new Map<string, Uint8Array>();
    for (let i = 0; i === 0 || i * FILES_A_PAGE < files.length; i++) {
      const part = files.slice(i * FILES_A_PAGE, (i + 1) * FILES_A_PAGE);
      const state: State = { lane: this.lane.state, turn, files: part };
      pages.set(i === 0 ? PAGE : `${PAGE}-${i}`, encodeMessage(PAGE, 0, state));
    }
    return async () => {
      await this.#snapshots.save(pages, { turn: String(turn) }, null);
      this.#saved = signature;
    };
  }

  async close(): Promise<void> {
    await this.#files.close();
  }
}
