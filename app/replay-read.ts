import { setImmediate } from 'node:timers/promises';
import { Dictionary, FragmentWriter } from '../ingest/fragment.ts';
import { FragmentLog, PAGE, type PageFile } from '../ingest/fragment-log.ts';
import type { Range } from '../ingest/order.ts';
import type { Reject } from '../ingest/reject.ts';
import { type Bytes, logBytes, readAhead, readFileBytes, SourceError } from '../ingest/sources/bytes.ts';
import type { Input, InputProblem } from '../ingest/sources/inputs.ts';

/** Something to read: a file, standard input, or lines made up on the way. */
export interface Source {
  readonly name: string;
  /** bytes as stored, for the progress; null = unknown */
  readonly sizeBytes: number | null;
  /** Plain text, once; `onStored` is told how many bytes as stored were taken. @throws {SourceError} on the way */
  open(onStored: (count: number) => void): Bytes;
}

/** Takes the bytes of one source, however cut. */
export interface Parser {
  push(chunk: Uint8Array): void;
  end(): void;
}
export type NewParser = (origin: string, out: FragmentWriter, reject: (reject: Reject) => void) => Parser;

/** All fragments of all sources, and what was wrong on the way. */
export interface Reading {
  readonly log: FragmentLog;
  /** the fragments of each source that had any */
  readonly ranges: readonly Range[];
  readonly bytes: number;
  /** sources that could be read, to the end or in part */
  readonly sources: number;
  readonly problems: readonly InputProblem[];
}

export interface ReadHooks {
  readonly newParser: NewParser;
  readonly reject: (reject: Reject) => void;
  /** opens the file for the pages that `memoryPages` have no room for */
  readonly openPageFile: () => PageFile;
  readonly memoryPages: number;
  /** stops between two chunks */
  readonly isStopped: () => boolean;
  /** bytes taken so far of all sources, as stored */
  readonly onProgress: (bytes: number) => void;
}

/** Chunks of a source that are read in advance, and sources that are opened in advance of their turn. */
const CHUNKS_AHEAD = 2;
const SOURCES_AHEAD = 3;

/** Parses every source, one after the other, into one log of fragments with one dictionary. */
export async function readSources(sources: readonly Source[], hooks: ReadHooks): Promise<Reading> {
  const dictionary = new Dictionary();
  const log = new FragmentLog(dictionary, hooks.memoryPages, hooks.openPageFile);
  const writer = new FragmentWriter((block) => log.append(block), dictionary);
  const ranges: Range[] = [];
  const problems: InputProblem[] = [];
  let bytes = 0;
  let stored = 0;
  let readable = 0;
  const onStored = (count: number) => {
    stored += count;
    hooks.onProgress(stored);
  };
  const opened: AsyncGenerator<Uint8Array, void>[] = [];
  try {
    for (const [number, source] of sources.entries()) {
      if (hooks.isStopped()) break;
      while (opened.length < SOURCES_AHEAD && number + opened.length < sources.length) {
        opened.push(readAhead(sources[number + opened.length]!.open(onStored), CHUNKS_AHEAD));
      }
      const from = log.length + writer.block.n;
      const before = bytes;
      const parser = hooks.newParser(source.name, writer, hooks.reject);
      const parsed = await parseAll(opened.shift()!, parser, hooks, (count) => {
        bytes += count;
      });
      if (parsed !== null) problems.push({ name: source.name, message: parsed });
      if (parsed === null || bytes > before) readable++;
      const to = log.length + writer.block.n;
      if (to > from) ranges.push({ from, to });
    }
  } finally {
    for (const rest of opened) void rest.return().catch(() => {});
  }
  writer.flush();
  return { log, ranges, bytes, sources: readable, problems };
}

/** Returns what was wrong with the source, null = nothing. What was read before stays. */
async function parseAll(
  chunks: Bytes,
  parser: Parser,
  hooks: ReadHooks,
  onBytes: (count: number) => void,
): Promise<string | null> {
  let bytes = 0;
  let problem: string | null = null;
  try {
    for await (const chunk of chunks) {
      parser.push(chunk);
      bytes += chunk.length;
      onBytes(chunk.length);
      await setImmediate(); // lets signals through where the source never waits
      if (hooks.isStopped()) break;
    }
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    problem = bytes > 0 ? `${error.message}; the ${bytes} bytes of text before that were used` : error.message;
  }
  parser.end();
  return problem;
}

export function fileSource({ name, sizeBytes }: Input, stdin: Bytes): Source {
  const raw = () => (name === '-' ? stdin : readFileBytes(name, sizeBytes));
  return { name, sizeBytes, open: (onStored) => logBytes(counted(raw(), onStored)) };
}

async function* counted(bytes: Bytes, onBytes: (count: number) => void): AsyncGenerator<Uint8Array, void> {
  for await (const chunk of bytes) {
    onBytes(chunk.length);
    yield chunk;
  }
}

/** Pages that fit into so many bytes. */
export function pagesIn(bytes: number, fragmentBytes: number): number {
  return Math.max(1, Math.floor(bytes / (PAGE * fragmentBytes)));
}
