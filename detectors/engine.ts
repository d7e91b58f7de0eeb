import { type Dictionary, F, type FragmentBlock, FragmentKind, U } from '../ingest/fragment.ts';
import type { LearnedModel } from '../models/learned/artifact.ts';
import { ALL_PARTS } from './ablation.ts';
import { makeRoom } from './evict.ts';
import { gradeMinute } from './grade.ts';
import { createTimeOf } from './grade-time.ts';
import { intake } from './intake.ts';
import { gradeLate, storeUngraded } from './late.ts';
import { EPOCH_MINUTE } from './page.ts';
import { releasePending } from './pending.ts';
import type { FunctionMinuteRow, InvocationRow, ScoreRow } from './records.ts';
import type { GradeTime } from './ring.ts';
import { type Route, Routes } from './routes.ts';
import { type Pulse, SHARDS, Shard, type ShardOptions, shardOf } from './shard.ts';
import { nextMinute, takeTested } from './shards.ts';
import type { Verdict } from './verdict.ts';
import { Watermark, type WatermarkState } from './watermark.ts';

/** What all shards had to say of one graded minute (or between two ticks), in the order (event time, shard). */
export interface EngineMinute {
  /** the graded minute, ms; NaN when only early or late verdicts came */
  readonly minuteMs: number;
  readonly watermarkMs: number;
  readonly verdicts: readonly Verdict[];
  readonly pulses: readonly Pulse[];
  /** windows that were tested in it: functions × signals × horizons */
  readonly tested: number;
}

export interface EngineRows {
  minutes: FunctionMinuteRow[];
  invocations: InvocationRow[];
  scores: ScoreRow[];
}

const MINUTE_MS = 60_000;
const NO_CLOCKS: WatermarkState = { heard: 0, clocks: [] };
const ALL_SHARDS: readonly number[] = Array.from({ length: SHARDS }, (_, number) => number);
/** The last instant that a date can be, and minus it the first. */
const MAX_INSTANT_MS = 8.64e15;
/** How far past the watermark the last events of an input may lie and still be graded at its end, ms. */
const END_SLACK_MS = 15 * MINUTE_MS;

/**
 * Hosts virtual shards, all of them or those of one partition: routes fragments, walks minutes, hands what came out to
 * `listen` once a graded minute, merged by (event time, shard), so that neither the number of hosts nor of threads can
 * change a byte.
 */
export class Engine {
  /** those hosted here, by number */
  readonly shards: Shard[] = [];
  readonly #byNumber: (Shard | undefined)[] = new Array(SHARDS).fill(undefined);
  readonly #watermark = new Watermark();
  /** fragments of functions whose shard is not hosted here, which nothing came of: a producer that counts partitions otherwise */
  misrouted = 0;
  readonly #listen: (minute: EngineMinute) => void;
  readonly #options: ShardOptions;
  readonly #routes = new Routes();
  readonly #timeOf: (minute: number) => GradeTime;
  watermarkMs = Number.NaN;
  #graded = Number.NaN;
  #living: Shard[] = [];
  sourceStart = Number.NaN;
  #model: LearnedModel | null = null;
  #isModelNew = false;
  rows: EngineRows = { minutes: [], invocations: [], scores: [] };

  /** @param hosted numbers of the shards, ascending; default: all */
  constructor(options: ShardOptions, listen: (minute: EngineMinute) => void, hosted: readonly number[] = ALL_SHARDS) {
    this.#options = options;
    this.#listen = listen;
    this.#timeOf = createTimeOf(options.settings, options.parts ?? ALL_PARTS, () => this.sourceStart);
    for (const number of hosted) {
      const shard = new Shard(number, options);
      shard.timeOf = this.#timeOf;
      this.shards.push(shard);
      this.#byNumber[number] = shard;
    }
  }

  /** Takes fragments and ticks in arrival order. */
  step(block: FragmentBlock): void {
    const { f, u, n } = block;
    let route = this.#routes.of(block.dictionary);
    for (let i = 0; i < n; i++) {
      const at = i * U.stride;
      const timeMs = f[i * F.stride]!;
      if (!(Math.abs(timeMs) <= MAX_INSTANT_MS)) continue; // no instant: nothing that a parser lets pass
      if ((u[at]! & 0xff) === FragmentKind.tick) {
        this.#hearTick(block, i, timeMs);
        continue;
      }
      const fn = u[at + U.fn]!;
      if (fn >= route.slots.length) route = this.#routes.of(block.dictionary);
      let slot = route.slots[fn]!;
      if (slot < 0) slot = this.#admit(block.dictionary, route, fn);
      const shard = this.#byNumber[route.shards[fn]!];
      if (shard === undefined) this.misrouted++;
      else intake(shard, block, i, slot, this.#now(timeMs));
    }
  }

  /** What a live pipeline would call now on hearing of `timeMs`: never far ahead of the watermark. */
  #now(timeMs: number): number {
    const { watermarkMs } = this;
    if (Number.isNaN(watermarkMs)) return timeMs;
    return timeMs <= watermarkMs ? watermarkMs : Math.min(timeMs, watermarkMs + 2 * MINUTE_MS);
  }

  #admit(dictionary: Dictionary, route: Route, fn: number): number {
    const key = dictionary.text(fn);
    const number = shardOf(key);
    route.shards[fn] = number;
    if (this.#byNumber[number] === undefined) return -1;
    const { slot } = this.host(key);
    route.slots[fn] = slot;
    return slot;
  }

  /** Where a function's state is, made on first sight. @throws {RangeError} where its shard is not hosted here */
  host(key: string): { readonly shard: Shard; readonly slot: number } {
    const shard = this.#byNumber[shardOf(key)];
    if (shard === undefined) throw new RangeError(`shard ${shardOf(key)} is not hosted here`);
    if (shard.keys.length === 0) this.#enliven(shard);
    const isNew = !shard.slots.has(key);
    if (isNew && shard.slots.size >= shard.bounds.functions) this.#routes.forget(makeRoom(shard));
    return { shard, slot: shard.slotOf(key) };
  }

  /** Shards that have a function, by number: the others have nothing to do. */
  #enliven(shard: Shard): void {
    this.#living.push(shard);
    this.#living.sort((a, b) => a.number - b.number);
  }

  #hearTick({ f, u, dictionary }: FragmentBlock, i: number, timeMs: number): void {
    const clock = dictionary.text(u[i * U.stride + U.text]!);
    if (this.#watermark.hear(clock, timeMs, f[i * F.stride + F.a] === 1)) this.#advance(this.#watermark.timeMs);
  }

  /** A tick of the only clock. */
  tick(timeMs: number): void {
    if (this.#watermark.hear('', timeMs)) this.#advance(this.#watermark.timeMs);
  }

  /** The watermark moved: grades what is due. */
  #advance(timeMs: number): void {
    if (timeMs <= this.watermarkMs) return; // the end of an input was further
    this.watermarkMs = timeMs;
    const due = Math.floor((timeMs - this.#options.settings.gradeDelayMs) / MINUTE_MS) - 1 - EPOCH_MINUTE;
    if (Number.isNaN(this.#graded)) this.#begin(due);
    if (due > this.#graded) {
      this.#walk(due, false);
      for (const shard of this.shards) if (shard.cells.minutes.size > 0) gradeLate(shard, timeMs);
    }
    this.#hear(Number.NaN, []);
  }

  /** Sets the first minute: the oldest that has data, at most an hour before what is due. */
  #begin(due: number): void {
    let first = due + 1;
    for (const shard of this.shards) {
      for (const minute of shard.cells.minutes.keys()) if (minute < first && minute >= due - 60) first = minute;
    }
    this.#setGraded(first - 1);
    this.sourceStart = first;
    for (const shard of this.shards) shard.sourceStart = first;
  }

  #setGraded(minute: number): void {
    this.#graded = minute;
    for (const shard of this.shards) shard.graded = minute;
  }

  /** From the next graded minute on windows are judged by this model too; null = by none. Swaps at any time. */
  setModel(model: LearnedModel | null): void {
    this.#model = model;
    this.#isModelNew = true;
  }

  #swapModel(): void {
    this.#isModelNew = false;
    for (const shard of this.shards) shard.setModel(this.#model);
  }

  #walk(to: number, partial: boolean): void {
    if (this.#isModelNew) this.#swapModel();
    const living = this.#living;
    for (let minute = this.#graded + 1; minute <= to; minute++) {
      if (living.every((shard) => shard.awake.length === 0)) {
        minute = nextMinute(living, minute, to);
        this.#setGraded(minute - 1);
        if (minute > to) return;
      }
      const time = this.#timeOf(minute);
      for (const shard of living) gradeMinute(shard, time, this.watermarkMs, partial);
      this.#setGraded(minute);
      this.#hear((minute + EPOCH_MINUTE) * MINUTE_MS, this.#pulses(living), takeTested(living));
    }
  }

  #pulses(living: readonly Shard[]): Pulse[] {
    const byAccount = new Map<string, Pulse>();
    for (const shard of living) {
      for (const pulse of shard.pulses.values()) {
        const sum = byAccount.get(pulse.account);
        if (sum === undefined) byAccount.set(pulse.account, { ...pulse });
        else {
          sum.expected += pulse.expected;
          sum.observed += pulse.observed;
          sum.functions += pulse.functions;
        }
      }
      shard.pulses.clear();
    }
    return [...byAccount.values()].sort((a, b) => (a.account < b.account ? -1 : 1));
  }

  #hear(minuteMs: number, pulses: readonly Pulse[], tested = 0): void {
    const verdicts: Verdict[] = [];
    const { rows } = this;
    for (const shard of this.#living) {
      if (shard.verdicts.length > 0) verdicts.push(...shard.verdicts.splice(0));
      if (shard.minutes.length > 0) for (const row of shard.minutes.splice(0)) rows.minutes.push(row);
      if (shard.invocations.length > 0) for (const row of shard.invocations.splice(0)) rows.invocations.push(row);
      if (shard.scores.length > 0) for (const row of shard.scores.splice(0)) rows.scores.push(row);
    }
    if (verdicts.length === 0 && Number.isNaN(minuteMs)) return;
    verdicts.sort((a, b) => a.atMs - b.atMs); // stable: shard order, then the order within the shard
    this.#listen({ minuteMs, watermarkMs: this.watermarkMs, verdicts, pulses, tested });
  }

  /** End of input: grades what is open. The last minutes may be cut short, so nothing that is missing in them counts. */
  finish(): void {
    const minutes = this.shards.flatMap((shard) => [...shard.cells.minutes.keys()]);
    if (minutes.length > 0) {
      const first = minutes.reduce((a, b) => Math.min(a, b));
      if (Number.isNaN(this.watermarkMs)) this.watermarkMs = (first + EPOCH_MINUTE + 1) * MINUTE_MS;
      const limit = Math.floor((this.watermarkMs + END_SLACK_MS) / MINUTE_MS) - EPOCH_MINUTE;
      const last = minutes.reduce((a, b) => (b <= limit ? Math.max(a, b) : a), first);
      if (Number.isNaN(this.#graded)) this.#begin(last);
      const patch = this.#graded + EPOCH_MINUTE + 2; // the next one's, which replaces it when a later replay goes on
      const whole = Math.floor(this.watermarkMs / MINUTE_MS) - 1 - EPOCH_MINUTE;
      if (Math.min(whole, last) > this.#graded) this.#walk(Math.min(whole, last), false);
      this.watermarkMs = Math.max(this.watermarkMs, (last + EPOCH_MINUTE + 1) * MINUTE_MS);
      if (last > this.#graded) this.#walk(last, true);
      for (const shard of this.shards) if (shard.cells.minutes.size > 0) gradeLate(shard, this.watermarkMs, patch);
    }
    for (const shard of this.shards) {
      if (shard.cells.minutes.size > 0) storeUngraded(shard);
      releasePending(shard, Number.POSITIVE_INFINITY);
    }
    this.#hear(Number.NaN, []);
  }

  /** Minutes graded so far, for snapshots. */
  get graded(): number {
    return this.#graded;
  }

  /** The clocks that are heard, for snapshots. */
  get clocks(): WatermarkState {
    return this.#watermark.state();
  }

  resume(graded: number, watermarkMs: number, sourceStart: number, clocks: WatermarkState = NO_CLOCKS): void {
    this.watermarkMs = watermarkMs;
    this.#watermark.restore(clocks, watermarkMs);
    this.sourceStart = sourceStart;
    for (const shard of this.shards) shard.sourceStart = sourceStart;
    this.#living = this.shards.filter((shard) => shard.keys.length > 0);
    this.#setGraded(graded);
  }
}
