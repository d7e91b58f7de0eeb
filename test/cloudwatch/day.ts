import { LogsError, type PolledEvent } from '../../ingest/cloudwatch/api.ts';
import type { GroupPoller, PollSettings } from '../../ingest/cloudwatch/group-poller.ts';
import { type Fetch, Schedule } from '../../ingest/cloudwatch/schedule.ts';
import { compareGroups } from '../../ingest/cloudwatch/selection.ts';
import { ServiceTime } from '../../ingest/cloudwatch/service-time.ts';
import { TokenBucket } from '../../ingest/cloudwatch/token-bucket.ts';
import { WatchedGroups, type WatchedState } from '../../ingest/cloudwatch/watched-groups.ts';
import { LogsEmulator } from './emulator.ts';
import { type DayPlan, type Ledger, seeded } from './ledger.ts';

const MINUTE_MS = 60_000;
/** Beyond these nobody promises to find an event: it came later than the last look back at its time. */
export const SETTINGS: PollSettings = { fastestMs: 1000, slowestMs: 60_000, overlapMs: 300_000, latenessMs: 900_000 };

interface Written {
  readonly group: string;
  readonly timestampMs: number;
  readonly visibleMs: number;
  times: number;
  isDeleted: boolean;
}

/** A day of an account under a clock of its own: groups come and go, requests fail, the poller is killed; every event is booked. */
export function liveADay(plan: DayPlan): Ledger {
  return new Day(plan).run();
}

class Day {
  readonly #plan: DayPlan;
  readonly #random: () => number;
  readonly #emulator: LogsEmulator;
  readonly #written = new Map<string, Written>();
  readonly #live = new Map<string, number>();
  #nowMs = Date.UTC(2026, 10, 9);
  #downUntilMs = 0;
  readonly #startMs = this.#nowMs;
  readonly #time = new ServiceTime(
    () => this.#nowMs + (this.#plan.wrongByMs?.((this.#nowMs - this.#startMs) / MINUTE_MS) ?? 0),
    () => this.#nowMs,
  );
  #watch: WatchedGroups;
  #schedule: Schedule;
  #kept: { state: WatchedState; pages: [number, Uint8Array][]; takenSince: string[] };
  /** answers under way, the next first */
  #answers: { readonly atMs: number; readonly deliver: () => void }[] = [];
  #tally = {
    taken: 0,
    repeated: 0,
    twice: 0,
    duplicates: 0,
    kills: 0,
    recreated: 0,
    late: 0,
    requests: 0,
    throttled: 0,
  };
  readonly #waits: number[] = [];

  constructor(plan: DayPlan) {
    this.#plan = plan;
    this.#random = seeded(plan.seed);
    this.#emulator = new LogsEmulator(() => this.#nowMs, this.#random);
    this.#watch = new WatchedGroups(null, this.#random);
    this.#schedule = this.#newSchedule();
    this.#kept = { state: this.#watch.state, pages: [], takenSince: [] };
  }

  #newSchedule = (): Schedule => new Schedule(new TokenBucket(this.#plan.rate, this.#nowMs, this.#random), 8);

  run(): Ledger {
    const { hours, groups, kills, faults } = this.#plan;
    for (let i = 0; i < groups; i++) this.#come(i);
    this.#refresh();
    this.#emulator.faults = faults;
    const endMs = this.#startMs + hours * 3600_000;
    const killAt = Array.from({ length: kills }, () => this.#startMs + this.#random() * (endMs - this.#startMs)).sort(
      (a, b) => a - b,
    );
    for (let second = 0; this.#nowMs < endMs; second++) {
      this.#write();
      if (second % 60 === 0) this.#comeAndGo();
      const untilMs = this.#nowMs + 1000;
      if (this.#nowMs < this.#downUntilMs) {
        this.#nowMs = untilMs;
        if (untilMs >= this.#downUntilMs) this.#restart();
        continue;
      }
      if (second % 5 === 0) this.#keep();
      if (second % 60 === 0) this.#minute();
      this.#poll(untilMs);
      if (killAt.length === 0 || this.#nowMs < killAt[0]!) continue;
      killAt.shift();
      this.#kill();
    }
    if (this.#nowMs < this.#downUntilMs) this.#restart();
    this.#emulator.faults = { ...faults, serverError: 0, reset: 0, tps: Number.POSITIVE_INFINITY };
    this.#poll(this.#nowMs + 30 * MINUTE_MS); // what was written last is read, and looked for once more
    return this.#close();
  }

  /** Polls until a time, in steps of whatever happens next. */
  #poll(untilMs: number): void {
    for (;;) {
      for (let fetch = this.#schedule.next(this.#time.now); fetch !== null; fetch = this.#schedule.next(this.#time.now))
        this.#ask(fetch);
      const answerMs = this.#answers[0]?.atMs ?? Number.POSITIVE_INFINITY;
      const nextMs = Math.min(answerMs, this.#schedule.nextMs(this.#time.now));
      if (nextMs > untilMs) break;
      this.#nowMs = Math.max(nextMs, this.#nowMs + (nextMs > this.#nowMs || answerMs <= this.#nowMs ? 0 : 1));
      while ((this.#answers[0]?.atMs ?? Number.POSITIVE_INFINITY) <= this.#nowMs) this.#answers.shift()!.deliver();
    }
    this.#nowMs = Math.max(this.#nowMs, untilMs);
  }

  #ask({ poller, job, request }: Fetch): void {
    const schedule = this.#schedule;
    const tookMs = 20 + this.#random() * 180;
    const deliver = this.#answerOf(poller, job, request, schedule);
    this.#hearTime();
    const answer = { atMs: this.#nowMs + tookMs, deliver };
    const at = this.#answers.findIndex(({ atMs }) => atMs > answer.atMs);
    this.#answers.splice(at < 0 ? this.#answers.length : at, 0, answer);
  }

  #answerOf(poller: GroupPoller, job: Fetch['job'], request: Fetch['request'], schedule: Schedule): () => void {
    this.#tally.requests++;
    try {
      const page = this.#emulator.filterLogEvents(request);
      return () => {
        schedule.ended();
        if (schedule !== this.#schedule || poller.isGone) return; // it was killed meanwhile
        schedule.bucket.succeeded();
        const { fresh, duplicates } = poller.took(job, page);
        this.#tally.duplicates += duplicates;
        for (const event of fresh) this.#book(event);
      };
    } catch (error) {
      if (!(error instanceof LogsError)) throw error;
      if (error.kind === 'throttled') this.#tally.throttled++;
      return () => {
        schedule.ended();
        if (schedule !== this.#schedule) return;
        if (error.kind === 'throttled') schedule.bucket.throttled(this.#nowMs);
        poller.failed(job, error, this.#nowMs);
      };
    }
  }

  #book(event: PolledEvent): void {
    const written = this.#written.get(event.id);
    if (written === undefined) throw new Error(`${event.id} was never written`);
    if (event.timestampMs < this.#watch.clock.timeMs) this.#tally.late++;
    this.#kept.takenSince.push(event.id);
    if (++written.times > 1) {
      this.#tally.twice++;
      return;
    }
    this.#tally.taken++;
    if (written.visibleMs - written.timestampMs < 15_000)
      this.#waits.push(this.#nowMs - Math.max(written.visibleMs, written.timestampMs));
  }

  /** Lines of one second: most can be read within seconds, some minutes later, some are dated a little ahead or back. */
  #write(): void {
    const hour = ((this.#nowMs - this.#startMs) / 3600_000) % 24;
    for (const [name, index] of this.#live) {
      let left = this.#plan.trafficOf(index, hour);
      while (this.#random() < left) {
        left--;
        const chance = this.#random();
        const delayMs =
          chance < 0.01
            ? this.#random() * 2 * MINUTE_MS
            : chance < 0.012
              ? this.#random() * 10 * MINUTE_MS
              : 2000 + this.#random() * 4000;
        const timestampMs = Math.floor(
          this.#nowMs - (chance > 0.99 ? this.#random() * 5000 : 0) + (chance > 0.995 ? this.#random() * 1500 : 0),
        );
        const id = this.#emulator.put(name, `stream-${index % 7}`, timestampMs, 'x'.repeat(80), delayMs);
        this.#written.set(id, {
          group: name,
          timestampMs,
          visibleMs: this.#nowMs + delayMs,
          times: 0,
          isDeleted: false,
        });
      }
    }
  }

  #minute(): void {
    this.#refresh();
    this.#watch.clock.advance(this.#watch.pollers.values(), this.#time.nowMs);
    this.#watch.forget(this.#time.nowMs);
    this.#emulator.expireBefore(this.#nowMs - 2 * 3600_000);
  }

  #comeAndGo(): void {
    const [name] = [...this.#live.keys()].filter(() => this.#random() < 0.002);
    if (name === undefined) return;
    const index = this.#live.get(name)!;
    // a group that nobody writes to any more is deleted a while later, or made anew at once
    this.#live.delete(name);
    if (this.#random() < 0.5) this.#come(index + 1000);
    else {
      for (const written of this.#written.values()) if (written.group === name) this.#delete(written);
      this.#emulator.deleteGroup(name);
      this.#emulator.createGroup(name);
      this.#live.set(name, index);
      this.#tally.recreated++;
    }
  }

  /** What nobody had minutes to read is gone; what could be read long ago must have been. */
  #delete(written: Written): void {
    if (written.times > 0 || this.#nowMs - written.visibleMs < 20 * MINUTE_MS) written.isDeleted = true;
  }

  #come(index: number): void {
    const name = `/aws/lambda/fn-${index}`;
    if (!this.#emulator.groups.has(name)) this.#emulator.createGroup(name);
    this.#live.set(name, index);
  }

  /** Every answer has the date, to the second. */
  #hearTime(): void {
    if (this.#plan.tellsTime === true) this.#time.heard(Math.floor(this.#nowMs / 1000) * 1000);
  }

  #refresh(): void {
    this.#hearTime();
    const listed = [...this.#emulator.groups.values()].map(({ name, createdMs }) => ({ name, arn: '', createdMs }));
    const watched = new Map([...this.#watch.pollers.values()].map(({ ref }) => [ref.name, ref.createdMs]));
    const { came, went } = compareGroups(watched, listed);
    for (const name of went) this.#forget(`${this.#emulator.account}/${this.#emulator.region}/${name}`);
    for (const group of came) {
      const floorMs = Math.max(group.createdMs - MINUTE_MS, this.#time.nowMs - SETTINGS.latenessMs);
      const poller = this.#watch.add(this.#emulator.account, this.#emulator.region, group, SETTINGS, floorMs);
      this.#schedule.pollers.set(poller.key, poller);
    }
  }

  #forget(key: string): void {
    this.#watch.remove(key);
    this.#schedule.pollers.delete(key);
  }

  #keep(): void {
    const pages = [...this.#watch.seen.pages()];
    this.#kept = { state: structuredClone(this.#watch.state), pages, takenSince: [] };
  }

  /** kill -9: what was taken since the last kept position is taken again, which is booked apart. */
  #kill(): void {
    this.#tally.kills++;
    for (const id of this.#kept.takenSince) {
      this.#written.get(id)!.times--;
      this.#tally.repeated++;
      this.#tally.taken--;
    }
    this.#watch = new WatchedGroups(this.#kept.state, this.#random);
    for (const [minute, bytes] of this.#kept.pages) this.#watch.seen.restore(minute, bytes);
    this.#kept.takenSince = [];
    this.#schedule = this.#newSchedule();
    this.#downUntilMs = this.#nowMs + this.#random() * 3 * MINUTE_MS;
  }

  #restart(): void {
    this.#downUntilMs = 0;
    this.#schedule = this.#newSchedule();
    this.#refresh();
  }

  #close(): Ledger {
    let missing = 0;
    let deleted = 0;
    for (const { times, isDeleted } of this.#written.values()) {
      if (times > 0) continue;
      if (isDeleted) deleted++;
      else missing++;
    }
    this.#waits.sort((a, b) => a - b);
    const quantile = (q: number) => Math.round(this.#waits[Math.floor(q * (this.#waits.length - 1))] ?? 0);
    const { taken, repeated, twice, duplicates, kills, recreated, late, requests, throttled } = this.#tally;
    const rest = { taken, repeated, twice, duplicates, kills, recreated, late, requests, throttled };
    return { written: this.#written.size, ...rest, deleted, missing, waitMs: [quantile(0.5), quantile(0.99)] };
  }
}
