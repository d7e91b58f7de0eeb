import { Random } from '../scenarios/random.ts';

const MINUTE_MS = 60_000;
/** Calls of one function in a message of live traffic. */
const CALLS_A_MESSAGE = 10;
const DURATION_MS = 40;

interface Function {
  readonly name: string;
  /** of a message, up to its events */
  readonly head: string;
}

/**
 * Lines of steady functions, each watched one in an account of its own, so that no two of its incidents are one; and of
 * many others that carry the load. Text format, START + END + REPORT, some 600 bytes and 2 µs an invocation.
 */
export class Traffic {
  readonly #random = new Random('bench-kafka-traffic', 1);
  readonly #watched: readonly Function[];
  readonly #others: readonly Function[];
  #calls = 0;
  #turn = 0;

  constructor(watched: number, others: number) {
    this.#watched = Array.from({ length: watched }, (_, i) => functionOf(String(100_000_000_000 + i), `watched-${i}`));
    this.#others = Array.from({ length: others }, (_, i) => functionOf('200000000000', `service-${i}`));
  }

  /** Names as alerts have them. */
  watchedName(i: number): string {
    return this.#watched[i]!.name;
  }

  /** What the watched functions logged in this minute: steady, with the noise of arrivals. */
  *minute(fromMs: number, callsAMinute: number): Generator<string> {
    for (const fn of this.#watched) {
      const calls = Math.max(1, Math.round(callsAMinute + Math.sqrt(callsAMinute) * (this.#random.unit() * 3 - 1.5)));
      const times = Array.from({ length: calls }, () => Math.floor(fromMs + this.#random.unit() * MINUTE_MS));
      yield this.#message(
        fn,
        times.sort((a, b) => a - b),
        false,
      );
    }
  }

  /** So many calls of the others, at this moment. */
  *load(nowMs: number, calls: number): Generator<string> {
    for (let rest = calls; rest > 0; rest -= CALLS_A_MESSAGE) {
      this.#turn = (this.#turn + 1) % this.#others.length;
      yield this.#message(this.#others[this.#turn]!, Array(Math.min(rest, CALLS_A_MESSAGE)).fill(nowMs), false);
    }
  }

  calls(i: number, nowMs: number, calls: number, isFailed: boolean): string {
    return this.#message(this.#watched[i]!, Array(calls).fill(nowMs), isFailed);
  }

  #message({ head }: Function, times: readonly number[], isFailed: boolean): string {
    let events = '';
    for (const timeMs of times) {
      const number = this.#calls++;
      const hex = number.toString(16).padStart(8, '0');
      const id = `${hex}-1234-4567-89ab-${hex}cdef`;
      const event = (suffix: number, ms: number, message: string) =>
        `{"id":"3953${ms}${String(number).padStart(14, '0')}${suffix}1234567890123456789012","timestamp":${ms},"message":"${message}"}`;
      const status = isFailed ? 'Status: error\\tError Type: Runtime.Unknown\\t' : '';
      const report = `REPORT RequestId: ${id}\\tDuration: ${DURATION_MS}.12 ms\\tBilled Duration: ${DURATION_MS + 1} ms\\tMemory Size: 256 MB\\tMax Memory Used: 90 MB\\t${status}\\n`;
      events += `${events === '' ? '' : ','}${event(1, timeMs - DURATION_MS, `START RequestId: ${id} Version: $LATEST\\n`)},${event(2, timeMs, `END RequestId: ${id}\\n`)},${event(3, timeMs, report)}`;
    }
    return `${head}${events}]}\n`;
  }
}

function functionOf(account: string, name: string): Function {
  const stream = `2026/11/21/[$LATEST]${name.padEnd(32, '0')}`;
  return {
    name,
    head: `{"messageType":"DATA_MESSAGE","owner":"${account}","logGroup":"/aws/lambda/${name}","logStream":"${stream}","subscriptionFilters":["all"],"logEvents":[`,
  };
}
