import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { hashText } from '../../detectors/keys.ts';
import { StorageError } from '../../infra/storage-error.ts';
import { Dictionary } from '../../ingest/fragment.ts';
import type { Reject } from '../../ingest/reject.ts';
import { expandInputs } from '../../ingest/sources/inputs.ts';
import type { FileSourceSettings } from '../config-sources.ts';
import type { RoleContext } from './context.ts';
import type { FoundFile } from './followed-file.ts';
import { FragmentSink } from './fragment-sink.ts';
import { SourceLane } from './source-lane.ts';

/** How long it is waited at the end of all files before they are looked at again. */
const IDLE_MS = 50;
/** How often it is looked for new files. */
const DISCOVER_MS = 2000;
/** How often positions are kept: what is read again after a crash, at most. */
const SAVE_MS = 5000;
/** How soon it is looked for new files when a name turned out to mean another one. */
const REPLACED_MS = 100;
/** A turn that takes longer, ms: the bus takes nothing any more. */
const STUCK_MS = 300_000;
/** Texts of all files that are kept (names, versions, streams, request ids that are no UUIDs); then the list begins anew. */
export const TEXTS_KEPT = 1_000_000;

/** What is added to the name of a file when it is rotated: a number or a date, and what compressed it. */
const ROTATED = /(?:\.\d{1,3}|[-._](?:\d{4}-?\d\d-?\d\d(?:[-_T]?[\d-]{2,8})?|\d{10}))?(?:\.(?:gz|old|bak))?$/;
/** A date may stand before the extension, too. */
const DATED = /[-._]\d{4}-?\d\d-?\d\d(?:[-_T]?[\d-]{2,8})?(?=\.[a-z]+$)/;

/** The name that a file has or had before it was rotated: the same replica has to go on with it. */
export const unrotated = (path: string): string => path.replace(ROTATED, '').replace(DATED, '');

/**
 * Follows the files of the configuration that this replica is given: the partitions of `sources` divide them by name, and
 * the group of the ingest replicas divides the partitions, so that each is read by one of them at a time. One whose
 * replica died goes on from its last position; what was sent after that comes twice and is recognised as such.
 */
export class FollowingIngest {
  readonly #context: RoleContext;
  readonly #sources: readonly FileSourceSettings[];
  readonly #sink: FragmentSink;
  /** one for all files: blocks of several would not go together */
  #dictionary = new Dictionary();
  readonly #lanes = new Map<number, SourceLane>();
  #assigned: readonly number[] = [];
  /** lanes are to be opened and closed before anything is read */
  #isReassigned = false;
  #rejects: Reject[] = [];
  #discoverMs = 0;
  #flushMs = 0;
  #saveMs = 0;
  #seen = { events: 0, bytes: 0 };
  /** how many files of each were said to be followed */
  readonly #told = new WeakMap<SourceLane, number>();

  constructor(context: RoleContext, sources: readonly FileSourceSettings[]) {
    this.#context = context;
    this.#sources = sources;
    this.#sink = new FragmentSink(context.topics.fragments);
  }

  /** Reads until the signal, then keeps its positions. */
  async run(): Promise<void> {
    const { topics, signal, health } = this.#context;
    const component = health.register('ingest', { deadlineMs: STUCK_MS });
    const leaving = new AbortController();
    const membership = this.#belong(
      topics.sources.subscribe('ingest', {
        signal: leaving.signal,
        onAssigned: (partitions) => {
          this.#assigned = partitions;
          this.#isReassigned = true;
          component.ready(true);
        },
        onRevoking: () => this.#saveAll(),
      }),
    );
    let failure: unknown = null;
    membership.catch((error: unknown) => {
      failure = error;
    });
    try {
      while (!signal.aborted && failure === null) {
        component.beat();
        await this.#turn();
      }
      if (failure !== null) throw failure;
      await this.#saveAll();
    } finally {
      for (const lane of this.#lanes.values()) await lane.close();
      leaving.abort();
      await membership.catch(() => {});
    }
  }

  async #belong(batches: AsyncIterable<unknown>): Promise<void> {
    for await (const _ of batches); // the topic carries nothing: belonging to the group is what counts
  }

  async #turn(): Promise<void> {
    const { elapsedMs, config, signal } = this.#context;
    const startedMs = elapsedMs();
    if (this.#isReassigned || startedMs >= this.#discoverMs) await this.#discover();
    let isAnyMore = false;
    for (const lane of this.#lanes.values()) {
      if (await lane.readRound(() => this.#isReassigned || signal.aborted)) isAnyMore = true;
      // the new file of a rotated name; what only looks replaced is not looked for again and again
      if (lane.hasReplaced) this.#discoverMs = Math.min(this.#discoverMs, startedMs + REPLACED_MS);
    }
    if (this.#isReassigned) return;
    if (this.#dictionary.texts.length > TEXTS_KEPT) this.#renew();
    if (elapsedMs() >= this.#flushMs) await this.#flush();
    if (elapsedMs() >= this.#saveMs) await this.#saveAll();
    if (isAnyMore) return;
    const untilMs = Math.max(1, Math.min(IDLE_MS, config.live.live.flushMs));
    await wait(untilMs, undefined, { signal }).catch(() => {});
  }

  #renew(): void {
    this.#dictionary = new Dictionary();
    for (const lane of this.#lanes.values()) lane.renew(this.#dictionary);
  }

  async #flush(): Promise<void> {
    const { nowMs, elapsedMs, config, metrics, deadLetters } = this.#context;
    const now = nowMs();
    this.#flushMs = elapsedMs() + config.live.live.flushMs;
    let events = 0;
    let bytes = 0;
    for (const lane of this.#lanes.values()) {
      lane.lane.tickLive(now, lane.isAtEnd);
      events += lane.totals.events;
      bytes += lane.totals.bytes;
    }
    await this.#sink.flush();
    if (this.#rejects.length > 0) await deadLetters.put(this.#rejects.splice(0));
    const sent = this.#sink.takeSent();
    const { fragments } = sent;
    const read = { events: Math.max(0, events - this.#seen.events), bytes: Math.max(0, bytes - this.#seen.bytes) };
    metrics.ingest.read('files', { ...read, fragments });
    metrics.bus.published('fragments', sent);
    const oldestMs = Math.min(...[...this.#lanes.values()].map(({ lane }) => lane.watermarkMs).filter(Number.isFinite));
    if (Number.isFinite(oldestMs)) metrics.ingest.watermark(oldestMs);
    this.#seen = { events, bytes };
  }

  /** Finds the files that there are now, and gives each lane its own. */
  async #discover(): Promise<void> {
    const { elapsedMs, topics, log, metrics } = this.#context;
    this.#discoverMs = elapsedMs() + DISCOVER_MS;
    await this.#reconcile();
    const found = new Map<number, FoundFile[]>();
    for (const settings of this.#sources) {
      const { inputs } = await expandInputs(settings.files); // a pattern that matches nothing yet may do so later
      for (const { name: path } of inputs) {
        const partition = hashText(unrotated(path)) % topics.sources.partitions;
        if (!this.#lanes.has(partition)) continue;
        const files = found.get(partition) ?? [];
        if (!files.some((file) => file.path === path)) files.push({ path, settings });
        found.set(partition, files);
      }
    }
    let sources = 0;
    for (const [partition, lane] of this.#lanes) {
      await lane.follow(found.get(partition) ?? []);
      sources += lane.sources;
      if (lane.sources !== (this.#told.get(lane) ?? 0)) log.info('files followed', { partition, files: lane.sources });
      this.#told.set(lane, lane.sources);
    }
    metrics.ingest.sources(sources);
  }

  /** Opens the lanes that were given to this replica, and closes those that were taken. */
  async #reconcile(): Promise<void> {
    const { log, nowMs, elapsedMs } = this.#context;
    this.#isReassigned = false; // should it change meanwhile, it is done again before anything is read
    const assigned = this.#assigned;
    for (const [partition, lane] of this.#lanes) {
      if (assigned.includes(partition)) continue;
      this.#lanes.delete(partition);
      await lane.close();
    }
    for (const partition of assigned) {
      if (this.#lanes.has(partition)) continue;
      const name = `sources-${String(partition).padStart(3, '0')}`;
      const lane = await SourceLane.open({
        name: String(partition),
        stateDir: join(this.#context.stateDir, name),
        sink: this.#sink,
        dictionary: () => this.#dictionary,
        reject: (reject) => {
          this.#rejects.push(reject);
          this.#context.metrics.ingest.rejected(reject.reason);
        },
        fields: this.#context.config.fields,
        onTrouble: (path, message) => log.warn('a file cannot be read', { path, why: message }),
        nowMs,
        elapsedMs,
      });
      this.#lanes.set(partition, lane);
    }
  }

  /**
   * Positions are kept once all that was read and rejected up to them is safe on the bus. A lane that somebody else has kept
   * the positions of is theirs.
   */
  async #saveAll(): Promise<void> {
    const { elapsedMs, log, deadLetters } = this.#context;
    this.#saveMs = elapsedMs() + SAVE_MS;
    const captured = [...this.#lanes].filter(([partition]) => this.#assigned.includes(partition));
    const saves = captured.map(([partition, lane]) => ({ partition, lane, save: lane.capture() }));
    await this.#flush();
    await this.#sink.settle();
    await deadLetters.settle();
    for (const { partition, lane, save } of saves) {
      try {
        await save();
      } catch (error) {
        if (!(error instanceof StorageError)) throw error;
        log.warn('positions could not be kept', { partition, why: error.message });
        if (error.code !== 'FENCED' || this.#lanes.get(partition) !== lane) continue;
        this.#lanes.delete(partition); // opened again, from what is kept, if it is ours
        await lane.close();
      }
    }
  }
}
