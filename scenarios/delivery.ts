import type { Benign } from './labels.ts';
import type { Random } from './random.ts';
import { MINUTE_MS } from './rhythm.ts';

interface Parcel {
  readonly arrivalMs: number;
  readonly line: string;
}

const SPENT: Parcel = { arrivalMs: 0, line: '' };

/** A source's clock may run this far ahead, so lines may arrive this long before their events' time. */
const LEAD_MS = 2 * MINUTE_MS;
const DUPLICATE_SHARE = 0.01;
const SLOW_SHARE = 0.004;
const VERY_SLOW_SHARE = 0.0004;
const MEAN_DELAY_MS = 900;
/** No line is under way for longer: 15 minutes of a call, 10 late, 25 of a hole, 5 for a duplicate, and room. */
const LONGEST_WAY_MIN = 256;
const CONTROL_EVERY_MS = 3 * 3_600_000;

function controlLine(ms: number): string {
  return `{"messageType":"CONTROL_MESSAGE","owner":"CloudwatchLogs","logGroup":"","logStream":"","subscriptionFilters":[],"logEvents":[{"id":"","timestamp":${ms},"message":"CWL CONTROL MESSAGE: Checking health of destination Kinesis stream."}]}`;
}

/**
 * The way from the log to us: most lines within 5 s, a few within a minute, some up to 10 minutes late, 1 % twice, none
 * during a hole. Holds only what is still under way: minutes of lines, not the fleet.
 */
export class Delivery {
  readonly #holes: readonly Benign[];
  readonly #random: Random;
  /** a ring of minutes, each emptied in place and used again */
  readonly #minutes: Parcel[][] = Array.from({ length: LONGEST_WAY_MIN }, () => []);
  #drainedMinute: number;
  #nextControlMs: number;
  lines = 0;
  duplicates = 0;
  lost = 0;

  constructor(holes: readonly Benign[], startMs: number, random: Random) {
    this.#holes = holes;
    this.#random = random;
    this.#drainedMinute = Math.floor((startMs - LEAD_MS) / MINUTE_MS) - 1;
    this.#nextControlMs = startMs + MINUTE_MS;
  }

  /** Sends a line whose last event happened at `eventMs` by a clock `aheadMs` fast. False = lost in a hole. */
  send(line: string, eventMs: number, aheadMs: number): boolean {
    const random = this.#random;
    let delayMs = 300 + random.exponential(MEAN_DELAY_MS);
    const luck = random.unit();
    if (luck < VERY_SLOW_SHARE) delayMs = random.logBetween(60_000, 600_000);
    else if (luck < SLOW_SHARE) delayMs = random.logBetween(5000, 60_000);
    const arrived = this.#deliver(line, eventMs - aheadMs + delayMs);
    if (random.chance(DUPLICATE_SHARE)) {
      this.duplicates++;
      this.#deliver(line, eventMs - aheadMs + delayMs + random.logBetween(1000, 300_000));
    }
    return arrived;
  }

  #deliver(line: string, plannedMs: number): boolean {
    let arrivalMs = plannedMs;
    for (const hole of this.#holes) {
      if (plannedMs < hole.fromMs || plannedMs >= hole.toMs) continue;
      if (hole.factor === 0) {
        this.lost++;
        return false;
      }
      arrivalMs = hole.toMs + this.#random.exponential(20_000);
    }
    const minute = Math.max(Math.floor(arrivalMs / MINUTE_MS), this.#drainedMinute + 1);
    if (minute - this.#drainedMinute >= LONGEST_WAY_MIN)
      throw new RangeError('a line takes longer than the ring of minutes');
    this.#minutes[minute % LONGEST_WAY_MIN]?.push({ arrivalMs, line });
    return true;
  }

  /** The lines that nothing sent for a call after `callsFromMs` can still overtake, in order of arrival. */
  *drain(callsFromMs: number): Generator<string> {
    const lastMinute = Math.floor((callsFromMs - LEAD_MS) / MINUTE_MS) - 1;
    if (callsFromMs >= this.#nextControlMs) {
      this.#deliver(controlLine(this.#nextControlMs), this.#nextControlMs + 100);
      this.#nextControlMs += CONTROL_EVERY_MS;
    }
    while (this.#drainedMinute < lastMinute) yield* this.#emit(++this.#drainedMinute);
  }

  /** Everything that is left. */
  *finish(): Generator<string> {
    for (let i = 0; i < LONGEST_WAY_MIN; i++) yield* this.#emit(++this.#drainedMinute);
  }

  *#emit(minute: number): Generator<string> {
    const parcels = this.#minutes[minute % LONGEST_WAY_MIN] ?? [];
    const inOrder = parcels.toSorted((a, b) => a.arrivalMs - b.arrivalMs);
    parcels.fill(SPENT); // an old array that still points at its parcels would carry them all into the old generation
    parcels.length = 0;
    this.lines += inOrder.length;
    for (const { line } of inOrder) yield line;
  }
}
