import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AlertEvent } from '../alerts/event.ts';
import type { CoverageRow, FunctionRow } from '../detectors/records.ts';
import { openPageFile, TemporaryFile } from '../infra/spool.ts';
import { FRAGMENT_BYTES } from '../ingest/fragment-log.ts';
import type { Reject } from '../ingest/reject.ts';
import type { InputProblem } from '../ingest/sources/inputs.ts';
import type { LearnedModel } from '../models/learned/artifact.ts';
import type { Config } from './config.ts';
import type { StoreSettings } from './config-store.ts';
import { InputError, InterruptedError, type Io } from './io.ts';
import type { Pipeline, PipelineOptions, PipelineOutput } from './pipeline.ts';
import { type Ordered, orderArrivals } from './replay-order.ts';
import { type NewParser, pagesIn, type Reading, readSources, type Source } from './replay-read.ts';
import { NAME_THE_GROUP, NO_LOG_GROUP, RejectLog } from './replay-rejects.ts';
import { folderOf, type Keeper, NO_KEEPER, openKeeper, type RunIdentity } from './replay-store.ts';
import { runBlocks } from './run.ts';
import { type Summary, summaryOf } from './summary.ts';
import { AlertTally } from './tally.ts';

export interface ReplayOptions {
  readonly config: Config;
  /** the learned model; the hash of the config knows of it */
  readonly model?: LearnedModel;
  /** folder of the store, or URL of a server; null = keep nothing */
  readonly store: StoreSettings | null;
  readonly invocations: 'all' | 'notable' | 'none';
  /** go on from the state that the last replay left */
  readonly resume: boolean;
  /** fragments kept in memory before they go to a temporary file, bytes */
  readonly memoryBytes: number;
}

/** The two parts that a replay joins. */
export interface ReplayParts {
  readonly newParser: NewParser;
  readonly newPipeline: (options: Omit<PipelineOptions, 'pricesOf' | 'paging'>) => Pipeline;
}

/** Is told what happens, in this order. Its promises hold the replay back. */
export interface ReplayListener {
  phase(text: string): Promise<void>;
  readProgress(bytes: number): void;
  stepProgress(count: number, of: number): void;
  alert(event: AlertEvent): Promise<void>;
}

export interface ReplayResult {
  readonly summary: Summary;
  readonly alerts: AlertTally;
  readonly functions: readonly FunctionRow[];
  readonly coverage: readonly CoverageRow[];
  /** the first rejects of each reason */
  readonly rejects: readonly Reject[];
  readonly problems: readonly InputProblem[];
}

/**
 * Reads all sources, puts their fragments in order, and takes them through the pipeline. The result is a function of the
 * data and the config alone. An interrupt ends it between two blocks, with what was found so far kept.
 * @throws {InputError} when no source holds anything @throws {StoreError} @throws {ConfigError}
 */
export async function replay(
  sources: readonly Source[],
  options: ReplayOptions,
  parts: ReplayParts,
  listener: ReplayListener,
  io: Io,
): Promise<ReplayResult> {
  const keeper = options.store === null ? NO_KEEPER : await openKeeper(options.store);
  const spoolDir = options.store === null ? tmpdir() : join(folderOf(options.store), 'tmp');
  const rejects = new RejectLog(() => new TemporaryFile(spoolDir));
  let isStopped = false;
  const unlisten = io.onInterrupt(() => {
    isStopped = true;
  });
  const run = new Replay({ options, parts, listener, keeper, rejects, spoolDir, isStopped: () => isStopped, io });
  try {
    return await run.run(sources);
  } finally {
    unlisten();
    rejects.close();
    await keeper.close();
  }
}

interface Scene {
  readonly options: ReplayOptions;
  readonly parts: ReplayParts;
  readonly listener: ReplayListener;
  readonly keeper: Keeper;
  readonly rejects: RejectLog;
  readonly spoolDir: string;
  readonly isStopped: () => boolean;
  readonly io: Io;
}

class Replay {
  readonly #scene: Scene;
  readonly #alerts = new AlertTally();
  readonly #startedMs: number;

  constructor(scene: Scene) {
    this.#scene = scene;
    this.#startedMs = scene.io.nowMs();
  }

  async run(sources: readonly Source[]): Promise<ReplayResult> {
    const { options, parts, keeper, listener } = this.#scene;
    const { settings, configHash } = options.config;
    const restored = options.resume ? await keeper.restore(configHash) : null;
    for (const message of restored?.damaged ?? []) await listener.phase(`warning: ${message}`);
    const reading = await this.#read(sources);
    if (this.#scene.isStopped()) {
      reading.log.close();
      throw new InterruptedError('interrupted while reading: nothing was found or stored yet');
    }
    const pipeline = parts.newPipeline({
      settings,
      configHash,
      invocations: options.store === null ? 'none' : options.invocations,
      records: options.store !== null,
      ...(options.model === undefined ? {} : { model: options.model }),
      ...(restored === null ? {} : { restored: restored.pages }),
    });
    const openFile = () => openPageFile(this.#scene.spoolDir);
    const ordered = orderArrivals(reading, pipeline.watermarkMs, settings.gradeDelayMs, openFile);
    try {
      await this.#announce(reading, ordered);
      const run = restored?.run ?? identityOf(configHash, ordered.fingerprint);
      await keeper.begin(run, restored !== null);
      return await this.#step(reading, ordered, pipeline, run);
    } finally {
      ordered.close();
      reading.log.close();
    }
  }

  async #read(sources: readonly Source[]): Promise<Reading> {
    const { options, parts, rejects, listener, isStopped, spoolDir } = this.#scene;
    const reading = await readSources(sources, {
      newParser: parts.newParser,
      reject: (reject) => rejects.add(reject),
      openPageFile: () => openPageFile(spoolDir),
      memoryPages: pagesIn(options.memoryBytes, FRAGMENT_BYTES),
      isStopped,
      onProgress: (bytes) => listener.readProgress(bytes),
    });
    if (reading.log.length > 0 || isStopped()) return reading;
    reading.log.close();
    throw new InputError(nothingFound(reading.problems, rejects));
  }

  async #announce(reading: Reading, { plan, sortedBecauseLate }: Ordered): Promise<void> {
    const { listener } = this.#scene;
    for (const { name, message } of reading.problems) await listener.phase(`warning: ${name}: ${message}`);
    if (sortedBecauseLate === null) return;
    const share = ((100 * sortedBecauseLate) / plan.fragments).toFixed(1);
    await listener.phase(`${share} % of the log events would come too late in this order: sorted them by time first`);
  }

  async #step(reading: Reading, ordered: Ordered, pipeline: Pipeline, run: RunIdentity): Promise<ReplayResult> {
    const { options, keeper, listener, rejects, isStopped } = this.#scene;
    const { plan, blocks } = ordered;
    const isDone = await runBlocks(blocks, pipeline, {
      deliver: (output) => this.#deliver(output),
      isStopped,
      onProgress: (count) => listener.stepProgress(count, plan.fragments + plan.tickMs.length),
    });
    // before `finish`, which grades windows that later input could still fill
    const state = isDone && options.store !== null ? pipeline.snapshot() : null;
    if (isDone) {
      pipeline.finish();
      await this.#deliver(pipeline.drain());
    }
    const summary = summaryOf({
      run,
      pipeline,
      alerts: this.#alerts,
      rejects: rejects.byReason,
      reading,
      sorted: ordered.sortedBecauseLate !== null,
      interrupted: !isDone,
      wallMs: this.#scene.io.nowMs() - this.#startedMs,
    });
    const { wall_ms: _, ...totals } = summary; // what is stored must not differ from run to run
    const status = isDone ? 'done' : 'interrupted';
    await keeper.finish({ status, run, pipeline, rejects: rejects.batches(), totals, state });
    return {
      summary,
      alerts: this.#alerts,
      functions: pipeline.functions(),
      coverage: pipeline.coverage(),
      rejects: rejects.examples,
      problems: reading.problems,
    };
  }

  async #deliver(output: PipelineOutput): Promise<void> {
    for (const event of output.events) {
      this.#alerts.add(event);
      await this.#scene.listener.alert(event);
    }
    await this.#scene.keeper.write(output);
  }
}

function identityOf(configHash: string, fingerprint: string): RunIdentity {
  const runId = createHash('sha256').update(`${configHash} ${fingerprint}`).digest('hex').slice(0, 16);
  return { runId, configHash, fingerprint };
}

const NOTHING_KNOWN =
  'nothing in it is of a function, in a format that is known here (docs/formats.md); `fields:` of a config explains any other JSON';

function nothingFound(problems: readonly InputProblem[], rejects: RejectLog): string {
  const lines = ['no log events of functions found'];
  for (const { name, message } of problems) lines.push(`${name}: ${message}`);
  for (const { origin, line, offset, reason } of rejects.examples) {
    lines.push(`${origin}: ${line === null ? `byte ${offset}` : `line ${line}`}: ${reason}`);
  }
  if (rejects.byReason.has(NO_LOG_GROUP)) lines.push(NAME_THE_GROUP);
  if (lines.length === 1) lines.push(NOTHING_KNOWN);
  return lines.join('\n  ');
}
