import { hostname, tmpdir } from 'node:os';
import { hashText } from '../../detectors/keys.ts';
import { openPageFile } from '../../infra/spool.ts';
import { FragmentWriter } from '../../ingest/fragment.ts';
import { FRAGMENT_BYTES } from '../../ingest/fragment-log.ts';
import type { Reject } from '../../ingest/reject.ts';
import { SourceError } from '../../ingest/sources/bytes.ts';
import { InputError } from '../io.ts';
import type { NewFullParser } from '../parts.ts';
import { orderArrivals } from '../replay-order.ts';
import { pagesIn, readSources, type Source } from '../replay-read.ts';
import type { RoleContext } from './context.ts';
import { FragmentSink } from './fragment-sink.ts';
import { TEXTS_KEPT } from './ingest-follow.ts';
import { Interruptible } from './interruptible.ts';
import { Lane } from './lane.ts';

const MEMORY_BYTES = 512 * 1024 * 1024;
/** A pipe that gives nothing for so long is at its end for the moment, ms. */
const QUIET_MS = 1000;

export interface InputsRead {
  readonly bytes: number;
  readonly fragments: number;
  readonly problems: readonly string[];
}

/**
 * Reads inputs once, from the start to the end: one as it comes, several merged by time. At the end nobody waits for their
 * clock any more. @throws {InputError} when nothing could be read
 */
export async function ingestInputs(
  context: RoleContext,
  sources: readonly Source[],
  newParser: NewFullParser,
): Promise<InputsRead> {
  const sink = new FragmentSink(context.topics.fragments);
  const lane = new Lane(clockName(sources), sink);
  const reader = new InputReader(context, sink, lane, newParser);
  const [only] = sources;
  const read = sources.length === 1 && only !== undefined ? await reader.stream(only) : await reader.merge(sources);
  lane.end();
  await sink.settle();
  await reader.flushRejects();
  await context.deadLetters.settle();
  return read;
}

/** Each process has a clock of its own: several may read a pipe, or files of the same names on other hosts. */
function clockName(sources: readonly Source[]): string {
  const names = sources.map(({ name }) => name);
  const what = names.length === 1 && names[0] === '-' ? '-' : hashText(names.join('\0')).toString(16);
  return `inputs ${what} ${hostname()} ${process.pid}`;
}

class InputReader {
  readonly #context: RoleContext;
  readonly #sink: FragmentSink;
  readonly #lane: Lane;
  readonly #newParser: NewFullParser;
  #rejects: Reject[] = [];

  constructor(context: RoleContext, sink: FragmentSink, lane: Lane, newParser: NewFullParser) {
    this.#context = context;
    this.#sink = sink;
    this.#lane = lane;
    this.#newParser = newParser;
  }

  readonly #reject = (reject: Reject): void => {
    this.#rejects.push(reject);
    this.#context.metrics.ingest.rejected(reject.reason);
  };

  async flushRejects(): Promise<void> {
    if (this.#rejects.length > 0) await this.#context.deadLetters.put(this.#rejects.splice(0));
  }

  /** A pipe may go on for ever: it is sent on as it comes, and time goes on in its pauses. */
  async stream(source: Source): Promise<InputsRead> {
    const { nowMs, elapsedMs, config, metrics, signal } = this.#context;
    let fragments = 0;
    const writer = new FragmentWriter((block) => {
      fragments += block.n;
      this.#lane.take(block);
    });
    const parser = this.#newParser(source.name, writer, this.#reject);
    const isPipe = source.name === '-';
    const kind = isPipe ? 'stdin' : 'files';
    let heardMs = elapsedMs();
    let failure: unknown = null;
    const chunks = new Interruptible(source.open(() => {}));
    const halt = () => chunks.halt();
    signal.addEventListener('abort', halt);
    if (signal.aborted) halt();
    const flush = setInterval(() => {
      const isQuiet = elapsedMs() - heardMs > QUIET_MS;
      if (isPipe && isQuiet) parser.settle();
      writer.flush();
      if (isPipe) this.#lane.tickLive(nowMs(), isQuiet);
      this.#sink.flush().catch((error: unknown) => {
        failure ??= error;
        halt();
      });
    }, config.live.live.flushMs);
    let bytes = 0;
    const problems: string[] = [];
    try {
      for await (const chunk of chunks) {
        heardMs = elapsedMs();
        bytes += chunk.length;
        if (writer.dictionary.texts.length > TEXTS_KEPT) writer.renew();
        parser.push(chunk);
        writer.flush();
        const sent = this.#sink.takeSent();
        metrics.ingest.read(kind, { events: 0, bytes: chunk.length, fragments: sent.fragments });
        metrics.bus.published('fragments', sent);
        await this.#sink.push();
        if (this.#rejects.length > 0) await this.flushRejects();
        if (failure !== null || signal.aborted) break;
      }
    } catch (error) {
      if (!(error instanceof SourceError)) throw error;
      problems.push(`${source.name}: ${error.message}`);
    } finally {
      clearInterval(flush);
      signal.removeEventListener('abort', halt);
    }
    if (failure !== null) throw failure;
    parser.end();
    writer.flush();
    metrics.ingest.read(kind, { events: parser.stats.events, bytes: 0, fragments: 0 });
    if (fragments === 0 && problems.length > 0) throw new InputError(problems.join('\n  '));
    return { bytes, fragments, problems };
  }

  async merge(sources: readonly Source[]): Promise<InputsRead> {
    const { config, signal, metrics } = this.#context;
    const openFile = () => openPageFile(tmpdir());
    const reading = await readSources(sources, {
      newParser: this.#newParser,
      reject: this.#reject,
      openPageFile: openFile,
      memoryPages: pagesIn(MEMORY_BYTES, FRAGMENT_BYTES),
      isStopped: () => signal.aborted,
      onProgress: () => {},
    });
    const problems = reading.problems.map(({ name, message }) => `${name}: ${message}`);
    try {
      if (reading.log.length === 0)
        throw new InputError(['no log events of functions found', ...problems].join('\n  '));
      metrics.ingest.read('files', { events: 0, bytes: reading.bytes, fragments: reading.log.length });
      const ordered = orderArrivals(reading, Number.NaN, config.settings.gradeDelayMs, openFile);
      try {
        while (ordered.blocks.next() && !signal.aborted) {
          this.#lane.takeTicked(ordered.blocks.block);
          await this.#sink.push();
        }
      } finally {
        ordered.close();
      }
      await this.flushRejects();
      return { bytes: reading.bytes, fragments: reading.log.length, problems };
    } finally {
      reading.log.close();
    }
  }
}
