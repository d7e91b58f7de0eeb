import {
  closeSync,
  createReadStream,
  createWriteStream,
  existsSync,
  mkdirSync,
  openSync,
  renameSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { Random } from '../scenarios/random.ts';

export interface LinesOptions {
  readonly invocations: number;
  readonly functions: number;
  readonly seed: number;
}

/** Raise it with any change of what is generated: files of an older one are not used again. */
const VERSION = 1;
const START_MS = Date.UTC(2026, 10, 21, 9);
const SPAN_MS = 3_600_000;
const JSON_SHARE = 0.18;
/** How long CloudWatch collects the events of a stream before it delivers them, ms. */
const COLLECT_MS = [1_000, 5_000] as const;
/** A message is full at so many events. */
const EVENTS_AT_MOST = 60;
const COLD_MS = 300;
const FAILED_SHARE = 0.002;
const CHUNK_CHARACTERS = 1 << 20;

/** What one message will hold, up to its delivery. */
interface Batch {
  readonly head: string;
  readonly dueMs: number;
  /** joined by commas */
  events: string;
  count: number;
}

interface Environment {
  readonly head: string;
  freeMs: number;
  /** the newest one; it may have been delivered */
  batch: Batch | null;
}

interface BenchFunction {
  readonly number: number;
  readonly isJson: boolean;
  readonly medianMs: number;
  readonly memoryMb: number;
  /** free ones are found from the end: the last used first, as Lambda does */
  readonly environments: Environment[];
}

/**
 * CloudWatch subscription messages of one hour in their order of delivery: functions with Zipf-like traffic (rank r gets
 * a share of 1/r), START + END + REPORT, 18 % of the functions in JSON format. An environment runs one invocation at a
 * time and delivers what it collected in 1–5 s, so an invocation is sometimes cut over two messages. About 650 bytes and
 * 4 µs an invocation.
 */
export class FleetLines {
  readonly #options: LinesOptions;
  readonly #random: Random;
  readonly #functions: BenchFunction[];
  #eventNumber = 0;
  /** undelivered batches, by the second they are due */
  readonly #due = new Map<number, Batch[]>();

  constructor(options: LinesOptions) {
    this.#options = options;
    this.#random = new Random('bench-lines', options.seed);
    this.#functions = Array.from({ length: options.functions }, (_, number) => ({
      number,
      isJson: this.#random.chance(JSON_SHARE),
      medianMs: 20 * 40 ** this.#random.unit(),
      memoryMb: 128 << this.#random.integer(0, 4),
      environments: [],
    }));
  }

  *lines(): Generator<string> {
    const { invocations, functions } = this.#options;
    let second = 0;
    for (let i = 0; i < invocations; i++) {
      const startMs = Math.floor(START_MS + (SPAN_MS * i) / invocations);
      for (; second * 1000 <= startMs - START_MS; second++) yield* this.#deliver(second);
      this.#invoke(this.#functions[Math.floor((functions + 1) ** this.#random.unit()) - 1]!, startMs);
    }
    const last = Math.max(second, ...this.#due.keys());
    for (; second <= last; second++) yield* this.#deliver(second);
  }

  *#deliver(second: number): Generator<string> {
    const batches = this.#due.get(second) ?? [];
    this.#due.delete(second);
    for (const { head, events } of batches) yield `${head}${events}]}\n`;
  }

  #invoke(fn: BenchFunction, startMs: number): void {
    const random = this.#random;
    let environment = fn.environments.findLast(({ freeMs }) => freeMs <= startMs);
    const isCold = environment === undefined;
    environment ??= this.#launch(fn);
    // log-normal with a factor of 1.6: the sum of four uniforms is normal enough
    const normal = (random.unit() + random.unit() + random.unit() + random.unit() - 2) * Math.sqrt(3);
    const durationMs = fn.medianMs * 1.6 ** normal;
    environment.freeMs = Math.ceil(startMs + durationMs + (isCold ? COLD_MS : 0));
    const call: Call = {
      requestId: this.#uuid(),
      startMs,
      endMs: environment.freeMs,
      durationMs,
      memoryMb: fn.memoryMb,
      usedMb: Math.ceil(fn.memoryMb * random.between(0.4, 0.6)),
      isCold,
      isFailed: random.chance(FAILED_SHARE),
    };
    const [start, end, report] = fn.isJson ? jsonMessages(call) : textMessages(call);
    this.#log(environment, startMs, start);
    this.#log(environment, call.endMs, end);
    this.#log(environment, call.endMs, report);
  }

  #launch(fn: BenchFunction): Environment {
    const stream = `2026/11/21/[$LATEST]${this.#uuid().replaceAll('-', '')}`;
    const name = `team-${fn.number % 40}-service-${fn.number}`;
    const head = `{"messageType":"DATA_MESSAGE","owner":"123456789012","logGroup":"/aws/lambda/${name}","logStream":"${stream}","subscriptionFilters":["all"],"logEvents":[`;
    const environment = { head, freeMs: 0, batch: null };
    fn.environments.push(environment);
    return environment;
  }

  /** Adds an event to the first batch that leaves after it happened. */
  #log(environment: Environment, ms: number, message: string): void {
    let { batch } = environment;
    if (batch === null || batch.dueMs <= ms || batch.count === EVENTS_AT_MOST) {
      batch = this.#open(environment.head, ms);
      environment.batch = batch;
    }
    const digits = String(this.#eventNumber++).padStart(14, '0');
    const low = String(this.#random.word()).padStart(10, '0');
    const id = `3953${ms}${digits}${String(this.#random.word()).padStart(10, '0')}${low}74218`; // the first digits are a time
    batch.events += `${batch.count === 0 ? '' : ','}{"id":"${id}","timestamp":${ms},"message":"${message}"}`;
    batch.count++;
  }

  #open(head: string, ms: number): Batch {
    const second = Math.ceil((ms - START_MS + this.#random.between(...COLLECT_MS)) / 1000);
    const batch = { head, dueMs: START_MS + second * 1000, events: '', count: 0 };
    const due = this.#due.get(second);
    if (due === undefined) this.#due.set(second, [batch]);
    else due.push(batch);
    return batch;
  }

  #uuid(): string {
    const word = () => this.#random.word().toString(16).padStart(8, '0');
    const [a, b, c, d] = [word(), word(), word(), word()];
    return `${a}-${b.slice(0, 4)}-4${b.slice(5)}-a${c.slice(1, 4)}-${c.slice(4)}${d}`;
  }
}

interface Call {
  readonly requestId: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly durationMs: number;
  readonly memoryMb: number;
  readonly usedMb: number;
  readonly isCold: boolean;
  readonly isFailed: boolean;
}

type Messages = readonly [start: string, end: string, report: string];

/** Messages as they stand between the quotes of a JSON string. */
function textMessages({ requestId, durationMs, memoryMb, usedMb, isCold, isFailed }: Call): Messages {
  const init = isCold ? `Init Duration: ${COLD_MS}.00 ms\\t` : '';
  const status = isFailed ? 'Status: error\\tError Type: Runtime.Unknown\\t' : '';
  return [
    `START RequestId: ${requestId} Version: $LATEST\\n`,
    `END RequestId: ${requestId}\\n`,
    `REPORT RequestId: ${requestId}\\tDuration: ${durationMs.toFixed(2)} ms\\tBilled Duration: ${Math.ceil(durationMs)} ms\\tMemory Size: ${memoryMb} MB\\tMax Memory Used: ${usedMb} MB\\t${init}${status}\\n`,
  ];
}

function jsonMessages(call: Call): Messages {
  const { requestId, startMs, endMs, isFailed } = call;
  const message = (ms: number, type: string, record: string) =>
    `{\\"time\\":\\"${new Date(ms).toISOString()}\\",\\"type\\":\\"platform.${type}\\",\\"record\\":{\\"requestId\\":\\"${requestId}\\",${record}}}`;
  const status = `\\"status\\":\\"${isFailed ? 'error' : 'success'}\\"`;
  const duration = `\\"durationMs\\":${call.durationMs.toFixed(3)}`;
  const init = call.isCold ? `,\\"initDurationMs\\":${COLD_MS}` : '';
  const metrics = `${duration},\\"billedDurationMs\\":${Math.ceil(call.durationMs)},\\"memorySizeMB\\":${call.memoryMb},\\"maxMemoryUsedMB\\":${call.usedMb}${init}`;
  return [
    message(startMs, 'start', '\\"version\\":\\"$LATEST\\"'),
    message(endMs, 'runtimeDone', `${status},\\"metrics\\":{${duration}}`),
    message(endMs, 'report', `\\"metrics\\":{${metrics}},${status}`),
  ];
}

/** The file of these lines, made on first use and kept in the temporary folder. @throws on a full disk */
export function linesFile(options: LinesOptions): string {
  const directory = join(tmpdir(), 'tripline-bench');
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const { invocations, functions, seed } = options;
  const file = join(directory, `lines-v${VERSION}-${invocations}-${functions}-${seed}.ndjson`);
  if (existsSync(file)) return file;
  const out = openSync(`${file}.part`, 'w', 0o600);
  try {
    let chunk = '';
    for (const line of new FleetLines(options).lines()) {
      chunk += line;
      if (chunk.length < CHUNK_CHARACTERS) continue;
      writeSync(out, chunk);
      chunk = '';
    }
    writeSync(out, chunk);
  } finally {
    closeSync(out);
  }
  renameSync(`${file}.part`, file);
  return file;
}

/** The same file gzipped beside it, made on first use. */
export async function gzippedFile(file: string): Promise<string> {
  const zipped = `${file}.gz`;
  if (existsSync(zipped)) return zipped;
  await pipeline(createReadStream(file), createGzip(), createWriteStream(`${zipped}.part`, { mode: 0o600 }));
  renameSync(`${zipped}.part`, zipped);
  return zipped;
}
