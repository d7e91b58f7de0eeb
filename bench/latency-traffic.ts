import { Random } from '../scenarios/random.ts';

const MINUTE_MS = 60_000;
const DURATION_MS = 40;
export const ACCOUNT = '123456789012';
/** One group for all: functions are told apart by their streams. */
export const LOG_GROUP = '/bench/functions';

export interface LoggedEvent {
  readonly timestamp: number;
  readonly message: string;
}

/** The calls of one function at one moment, as one stream has them. */
export interface StreamEvents {
  readonly logStreamName: string;
  readonly events: readonly LoggedEvent[];
}

/** Functions whose incidents are awaited, and many others that carry the load: START, END and REPORT in text. */
export class LatencyTraffic {
  readonly #random = new Random('bench-latency', 1);
  readonly #streams: readonly string[];
  readonly #watched: number;
  #calls = 0;
  #turn = 0;

  /** The first `watched` of all functions are watched. */
  constructor(watched: number, others: number) {
    this.#watched = watched;
    this.#streams = Array.from({ length: watched + others }, (_, i) => {
      const name = i < watched ? this.nameOf(i) : `service-${i - watched}`;
      return `2026/11/21/${name}[$LATEST]${i.toString(16).padStart(32, '0')}`;
    });
  }

  nameOf(i: number): string {
    return `watched-${i}`;
  }

  /** What all functions logged in this minute: steady, with the noise of arrivals. */
  *minute(fromMs: number, watchedCalls: number, otherCalls: number): Generator<StreamEvents> {
    for (let i = 0; i < this.#streams.length; i++) {
      const mean = i < this.#watched ? watchedCalls : otherCalls;
      const calls = Math.max(0, Math.round(mean + Math.sqrt(mean) * (this.#random.unit() * 3 - 1.5)));
      const times = Array.from({ length: calls }, () => Math.floor(fromMs + this.#random.unit() * MINUTE_MS));
      if (calls > 0)
        yield this.#logged(
          i,
          times.sort((a, b) => a - b),
          false,
        );
    }
  }

  /** One call of each of the next so many functions, in turn; the watched ones have theirs among them. */
  *load(nowMs: number, calls: number): Generator<StreamEvents> {
    for (let n = 0; n < calls; n++) {
      this.#turn = (this.#turn + 1) % this.#streams.length;
      yield this.#logged(this.#turn, [nowMs], false);
    }
  }

  calls(i: number, nowMs: number, calls: number, isFailed: boolean): StreamEvents {
    return this.#logged(i, Array(calls).fill(nowMs), isFailed);
  }

  #logged(i: number, times: readonly number[], isFailed: boolean): StreamEvents {
    const events = times.flatMap((timeMs) => {
      const hex = (this.#calls++).toString(16).padStart(8, '0');
      const id = `${hex}-1234-4567-89ab-${hex}cdef`;
      const status = isFailed ? 'Status: error\tError Type: Runtime.Unknown\t' : '';
      const report = `REPORT RequestId: ${id}\tDuration: ${DURATION_MS}.12 ms\tBilled Duration: ${DURATION_MS + 1} ms\tMemory Size: 256 MB\tMax Memory Used: 90 MB\t${status}\n`;
      return [
        { timestamp: timeMs - DURATION_MS, message: `START RequestId: ${id} Version: $LATEST\n` },
        { timestamp: timeMs, message: `END RequestId: ${id}\n` },
        { timestamp: timeMs, message: report },
      ];
    });
    return { logStreamName: this.#streams[i]!, events };
  }
}

let numbered = 0;
const eventId = (timeMs: number): string => `3953${timeMs}${String(numbered++).padStart(39, '0')}`;

/** As a subscription delivers it. */
export function dataMessage({ logStreamName, events }: StreamEvents): string {
  return JSON.stringify({
    messageType: 'DATA_MESSAGE',
    owner: ACCOUNT,
    logGroup: LOG_GROUP,
    logStream: logStreamName,
    subscriptionFilters: ['all'],
    logEvents: events.map((event) => ({ id: eventId(event.timestamp), ...event })),
  });
}
