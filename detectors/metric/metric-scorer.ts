import { learnTail, resetTail, type TailRules, tailSurprise } from '../../models/statistical/peaks-tail.ts';
import { compare, windowMean } from './expect.ts';
import { learnInterval, slotMsOf } from './interval.ts';
import { AT, DAY_PARTS, RANGE, ROW, STATISTICS, type Statistic, tailAt } from './layout.ts';
import { beginLevels, learnLevels } from './levels.ts';
import { sayOnce } from './once.ts';
import { learnScales, scaleOf } from './scales.ts';
import { WeekRing } from './week-ring.ts';

const DAY_MS = 86_400_000;

/** No opinion in the first rows: nothing is known of the tails yet. */
export const WARMUP_ROWS = 300;
/** Until a day was seen, what is usual at other hours is not known: surprise is divided by up to 1 + this. */
const FIRST_DAY_CAUTION = 0.6;
/** Two statistics that agree say more than one: a share of the second is added. */
const SECOND_SHARE = 0.3;
/** windows are compared once there are two of them */
const FIRST_LEARNT_ROW = 60;
/** typical distances; beyond, all are alike */
const LARGEST_DEVIATION = 50;
/** beyond this a difference of two values may overflow */
const LARGEST_VALUE = 1e150;
/** rows a week of a metric whose interval is not known yet */
const UNKNOWN_WEEK_ROWS = 2016;

const TAILS: readonly TailRules[] = [
  { blockRows: 5, share: 0.05, memoryPeaks: 300 },
  { blockRows: 5, share: 0.05, memoryPeaks: 150 },
  { blockRows: 60, share: 0.05, memoryPeaks: 150 },
  { blockRows: 5, share: 0.05, memoryPeaks: 300 },
];

/** Why a row got its surprise. */
export interface MetricReason {
  readonly statistic: Statistic;
  /** what was seen: the value, or the mean of the window */
  readonly observed: number;
  /** the nearest of what could be expected; of `range`, the extreme so far */
  readonly expected: number;
  /** a typical distance between the two */
  readonly typical: number;
}

/** Plain data: a scorer made from it scores the future as the one it was taken from. */
export interface MetricSnapshot {
  readonly version: 1;
  readonly state: Float64Array;
  readonly week: Float64Array | null;
  readonly weekSlot: number;
}

/**
 * Scores a metric of which nothing is known but timestamps and values: how surprising is each row, given the past of
 * this metric alone? One pass, no look-ahead, no clock, no randomness; O(1) a row, about 3 kB of state and 8 bytes for each
 * row of a week (81 kB at one minute).
 */
export class MetricScorer {
  readonly #state: Float64Array;
  #week: WeekRing | null = null;
  // of the newest row
  readonly #gaps = new Float64Array(STATISTICS.length);
  readonly #deviations = new Float64Array(STATISTICS.length);
  readonly #surprises = new Float64Array(STATISTICS.length);
  #part = 0;
  #lead = ROW;
  #leadScale = 0;
  #leadObserved = 0;

  /** @throws {RangeError} on a snapshot of another version or size */
  constructor(snapshot?: MetricSnapshot) {
    this.#state = snapshot === undefined ? new Float64Array(AT.end) : Float64Array.from(snapshot.state);
    if (snapshot === undefined) {
      for (let i = 0; i < 2 * STATISTICS.length; i++) resetTail(this.#state, tailAt(i >> 1, i % 2 === 1));
      return;
    }
    if (snapshot.version !== 1 || snapshot.state.length !== AT.end) {
      throw new RangeError('not a metric snapshot of version 1');
    }
    if (snapshot.week === null) return;
    this.#week = new WeekRing(slotMsOf(this.#state, AT.interval), snapshot.weekSlot, Float64Array.from(snapshot.week));
  }

  snapshot(): MetricSnapshot {
    const week = this.#week;
    return {
      version: 1,
      state: Float64Array.from(this.#state),
      week: week === null ? null : Float64Array.from(week.values),
      weekSlot: week === null ? Number.NEGATIVE_INFINITY : week.slot,
    };
  }

  /**
   * Scores one row, then learns it. Returns its surprise, −log10 of a chance; 0 = nothing to say, also for repeats of
   * what was just said. Rows come in order of time; a repeated time is another value of the same moment. A value that
   * is no number (NaN, infinite, beyond ±1e150) is a missing one: 0, and nothing is learnt.
   */
  push(timestampMs: number, value: number): number {
    if (!(Math.abs(value) <= LARGEST_VALUE)) return 0;
    const state = this.#state;
    if (state[AT.rows] === 0) beginLevels(state, timestampMs, value);
    const slot = this.#slotAt(timestampMs);
    const week = this.#week;
    const yesterday = week === null ? Number.NaN : week.yesterday(slot);
    const lastWeek = week === null ? Number.NaN : week.lastWeek(slot);
    const rowsPerWeek = week === null ? UNKNOWN_WEEK_ROWS : week.values.length;

    compare(state, week, value, slot, yesterday, lastWeek, this.#gaps);
    const surprise = this.#judge(value);
    this.#learnTails();
    learnScales(state, this.#gaps, this.#part, surprise, rowsPerWeek / 7);
    learnLevels(state, value, yesterday, lastWeek, rowsPerWeek);
    week?.write(slot, value);
    return state[AT.rows]! <= WARMUP_ROWS ? 0 : sayOnce(state, AT.once, surprise);
  }

  /** Why the newest row got its surprise. */
  reason(): MetricReason {
    const gap = this.#gaps[this.#lead]!;
    const observed = this.#leadObserved;
    return { statistic: STATISTICS[this.#lead]!, observed, expected: observed - gap, typical: this.#leadScale };
  }

  /** ms between rows; 0 = not known yet. */
  get intervalMs(): number {
    return slotMsOf(this.#state, AT.interval);
  }

  /** Finds the row's place in the week, and begins the week anew where the interval was found or has changed. */
  #slotAt(timestampMs: number): number {
    const state = this.#state;
    const news = learnInterval(state, AT.interval, timestampMs);
    this.#part = Math.floor(((((timestampMs % DAY_MS) + DAY_MS) % DAY_MS) * DAY_PARTS) / DAY_MS);
    if (news === 'learning') this.#week = null;
    if (news === 'found') this.#week = new WeekRing(slotMsOf(state, AT.interval));
    if (this.#week === null) return 0;
    const slot = Math.round((timestampMs - state[AT.firstMs]!) / slotMsOf(state, AT.interval));
    return Math.max(this.#week.slot, slot);
  }

  /** Surprise of the row in hand, before repeats are muted. */
  #judge(value: number): number {
    const state = this.#state;
    let most = 0;
    let second = 0;
    this.#lead = ROW;
    this.#leadScale = 0;
    for (let statistic = 0; statistic < STATISTICS.length; statistic++) {
      const scale = scaleOf(state, statistic, this.#part);
      const deviation = Math.max(-LARGEST_DEVIATION, Math.min(LARGEST_DEVIATION, this.#gaps[statistic]! / scale));
      const tail = tailAt(statistic, deviation < 0);
      const surprise = tailSurprise(state, tail, TAILS[statistic]!, Math.abs(deviation));
      this.#deviations[statistic] = deviation;
      this.#surprises[statistic] = surprise;
      if (surprise > most) {
        second = most;
        most = surprise;
        this.#lead = statistic;
        this.#leadScale = scale;
      } else if (surprise > second) second = surprise;
    }
    const isWindow = this.#lead !== ROW && this.#lead !== RANGE;
    this.#leadObserved = isWindow ? windowMean(state, value, this.#lead - 1) : value;
    const days = (state[AT.rows]! * this.intervalMs) / DAY_MS;
    return (most + SECOND_SHARE * second) / (1 + FIRST_DAY_CAUTION * Math.exp(-days));
  }

  #learnTails(): void {
    const state = this.#state;
    if (state[AT.rows]! < FIRST_LEARNT_ROW) return;
    for (let statistic = 0; statistic < STATISTICS.length; statistic++) {
      const deviation = this.#deviations[statistic]!;
      const surprise = this.#surprises[statistic]!;
      const rules = TAILS[statistic]!;
      learnTail(state, tailAt(statistic, false), rules, deviation, deviation > 0 ? surprise : 0);
      learnTail(state, tailAt(statistic, true), rules, -deviation, deviation < 0 ? surprise : 0);
    }
  }
}
