import { createCalendar } from '../detectors/calendar.ts';
import { CELL, P, PAGE, Q } from '../detectors/page.ts';
import { advance, fold, type GradeTime, taint } from '../detectors/ring.ts';
import { WindowView } from '../detectors/window-view.ts';
import { poisson, seeded } from './stream.ts';

const calendar = createCalendar('UTC');
/** A Monday, midnight, in minutes since 2020. */
export const MONDAY = (Date.UTC(2026, 0, 5) - Date.UTC(2020, 0, 1)) / 60_000;

/** What one minute of a function held. Only what is named is known; `calls` warm calls have a duration of 2^logUs. */
export interface MinuteOf {
  readonly calls: number;
  readonly err?: number;
  readonly tmo?: number;
  readonly oom?: number;
  readonly cold?: number;
  readonly acc?: number;
  readonly tail?: number;
  /** mean log2 of µs, log2 of KiB, and bytes of a call */
  readonly logUs?: number;
  readonly logKib?: number;
  readonly bytesPerCall?: number;
  readonly microUsdPerCall?: number;
}

/** One function graded minute by minute, without a shard around it: ring, learning and view as they are. */
export class Graded {
  readonly page = new Float32Array(PAGE);
  readonly view = new WindowView();
  random = seeded(11);
  minute: number;

  constructor(first = MONDAY) {
    this.minute = first - 1;
    this.page[P.firstSeen] = first;
    this.page[P.memoryKib] = 512 * 1024;
    this.page[P.versionSince] = first - 10_000;
  }

  /** Another function with the same past. */
  clone(): Graded {
    const copy = new Graded();
    copy.page.set(this.page);
    copy.minute = this.minute;
    copy.random = seeded(this.minute);
    return copy;
  }

  /** Grades the next minute; `isCovered` = an incident covers it, so that it is not learnt. */
  grade(what: MinuteOf, isCovered = false): void {
    const { page, view } = this;
    this.minute++;
    const time: GradeTime = {
      minute: this.minute,
      now: { ...calendar(this.minute) },
      block5: { ...calendar(this.minute - 13) },
      block15: { ...calendar(this.minute - 53) },
      sourceStart: 0,
    };
    view.load(page, 0, time);
    advance(page, 0, time);
    page[P.age] = page[P.age]! + 1;
    page[P.total] = page[P.total]! + what.calls;
    if (what.calls > 0) {
      page[P.lastSeen] = this.minute;
      page[P.gap] = 0;
      page[P.gapExpected] = 0;
    } else {
      page[P.gap] = page[P.gap]! + 1;
      if (view.rate > 0) page[P.gapExpected] = page[P.gapExpected]! + view.rate;
    }
    fold(page, 0, this.minute, what.calls === 0 ? null : this.#sums(what), view.rate, time.now.hour);
    if (isCovered) taint(page, 0, this.minute, this.minute, this.minute);
    view.sumHorizons();
  }

  /** Grades `minutes` with Poisson calls about `mean(minute)`. */
  live(minutes: number, mean: number | ((minute: number) => number), what: Omit<MinuteOf, 'calls'> = {}): this {
    for (let i = 0; i < minutes; i++) {
      const at = typeof mean === 'number' ? mean : mean(this.minute + 1 - MONDAY);
      this.grade({ calls: poisson(this.random, at), ...what });
    }
    return this;
  }

  #sums(what: MinuteOf): Float64Array {
    const sums = new Float64Array(CELL);
    const { calls } = what;
    sums[Q.n] = calls;
    for (const name of ['err', 'tmo', 'oom', 'cold', 'acc', 'tail'] as const) sums[Q[name]] = what[name] ?? 0;
    const noise = () => this.random() + this.random() - 1;
    for (let i = 0; i < calls; i++) {
      if (what.logUs !== undefined) {
        const log = what.logUs + noise();
        sums[Q.dn] = sums[Q.dn]! + 1;
        sums[Q.ds] = sums[Q.ds]! + log;
        sums[Q.dss] = sums[Q.dss]! + log * log;
      }
      if (what.bytesPerCall !== undefined) {
        const bytes = what.bytesPerCall * 2 ** noise();
        const log = Math.log2(1 + bytes);
        sums[Q.en] = sums[Q.en]! + 1;
        sums[Q.es] = sums[Q.es]! + log;
        sums[Q.ess] = sums[Q.ess]! + log * log;
        sums[Q.bytes] = sums[Q.bytes]! + bytes;
      }
      if (what.logKib !== undefined) {
        sums[Q.mn] = sums[Q.mn]! + 1;
        sums[Q.ms] = sums[Q.ms]! + what.logKib + 0.02 * noise();
      }
      if (what.microUsdPerCall !== undefined)
        sums[Q.cost] = sums[Q.cost]! + what.microUsdPerCall * 2 ** (0.3 * noise());
    }
    return sums;
  }
}
