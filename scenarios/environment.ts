import type { Delivery } from './delivery.ts';
import type { FunctionProfile } from './profile.ts';
import type { Random } from './random.ts';
import { HOUR_MS, MINUTE_MS } from './rhythm.ts';
import { type CallObserver, StreamBuffer } from './stream-buffer.ts';

const LONGEST_IDLE_MS = 7 * MINUTE_MS;

/** One execution environment: a log stream, one request at a time, memory that only grows. */
export interface Environment {
  readonly bornMs: number;
  readonly diesMs: number;
  busyUntilMs: number;
  memoryUsedMb: number;
  readonly logs: StreamBuffer;
  readonly insights: StreamBuffer | null;
}

function hex32(random: Random): string {
  let hex = '';
  for (let i = 0; i < 4; i++) hex += random.word().toString(16).padStart(8, '0');
  return hex;
}

/** The head of a subscription line: everything but its log events. */
function lineHeader(account: string, logGroup: string, logStream: string): string {
  return `{"messageType":"DATA_MESSAGE","owner":"${account}","logGroup":"${logGroup}","logStream":"${logStream}","subscriptionFilters":["to-tripline"],"logEvents":[`;
}

/** The environments of one function, reused last in, first out, as Lambda does. */
export class EnvironmentPool {
  readonly #profile: FunctionProfile;
  readonly #random: Random;
  readonly #delivery: Delivery;
  readonly #observe: CallObserver | null;
  #free: Environment[] = [];
  #busy: Environment[] = [];
  /** as the stream's name and START say it */
  version: string;

  constructor(profile: FunctionProfile, random: Random, delivery: Delivery, observe: CallObserver | null) {
    this.#profile = profile;
    this.#random = random;
    this.#delivery = delivery;
    this.#observe = observe;
    this.version = profile.numberedVersions ? String(random.integer(1, 80)) : '$LATEST';
  }

  /** A deploy: every environment is replaced. */
  deploy(): void {
    if (this.#profile.numberedVersions) this.version = String(Number(this.version) + 1);
    this.#free = [];
    this.#busy = [];
  }

  /** A warm environment for a call at `ms`, or null when one must be started. */
  warm(ms: number): Environment | null {
    if (this.#busy.length > 0) this.#release(ms);
    for (;;) {
      const environment = this.#free.pop();
      if (environment === undefined) return null;
      if (ms - environment.busyUntilMs < LONGEST_IDLE_MS && ms < environment.diesMs) return environment;
    }
  }

  start(ms: number): Environment {
    const { account, name, clockAheadMs, insights } = this.#profile;
    const date = new Date(ms).toISOString().slice(0, 10).replaceAll('-', '/'); // the stream keeps its first day
    const id = hex32(this.#random);
    const buffer = (group: string, stream: string) =>
      new StreamBuffer(
        lineHeader(account, group, stream),
        clockAheadMs,
        this.#delivery,
        group.startsWith('/aws/lambda/') ? this.#observe : null,
      );
    return {
      bornMs: ms,
      diesMs: ms + this.#random.logBetween(0.4, 5) * HOUR_MS,
      busyUntilMs: ms,
      memoryUsedMb: 0,
      logs: buffer(`/aws/lambda/${name}`, `${date}/[${this.version}]${id}`),
      insights: insights ? buffer('/aws/lambda-insights', `${date}/${name}[${this.version}]${id}`) : null,
    };
  }

  /** Gives the environment back; it is busy until its `busyUntilMs`. */
  keep(environment: Environment): void {
    this.#busy.push(environment);
  }

  #release(ms: number): void {
    let kept = 0;
    for (const environment of this.#busy) {
      if (environment.busyUntilMs <= ms) this.#free.push(environment);
      else this.#busy[kept++] = environment;
    }
    this.#busy.length = kept;
  }
}
