import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Random } from '../../scenarios/random.ts';
import { type Child, Processes } from '../faults/processes.ts';
import { FAULT_KINDS, type FaultCounts, type ProxyFaults } from './fault-plan.ts';
import { FaultProxy } from './fault-proxy.ts';
import { MotoFleet } from './moto-fleet.ts';
import { type Balance, isBalanced, type MinuteCount, MotoLedger, wrongMinutesOf } from './moto-ledger.ts';
import { storedMinutes } from './moto-store.ts';

const START_MS = 120_000;
const END_MS = 60_000;
/** Between two looks of the writers, ms. */
const WRITE_MS = 500;
/** Where chance left something out, or the machine is slow, it goes on for so long, ms. */
const LONGER_MS = 120_000;
/** Everything written is read within this, or something is wrong, ms. */
const DRAIN_MS = 240_000;
/** What was delivered is on the bus so long after, ms. */
const SETTLE_MS = 2_000;
/** A minute is stored when it is graded, and so long after everything was read at most, ms. */
const STORE_MS = 300_000;
const ASK_STORE_MS = 5_000;

export interface MotoPlan {
  readonly motoUrl: string;
  /** of its own: state, bus, logs */
  readonly dir: string;
  /** how tripline is started */
  readonly program: readonly string[];
  /** how long is written */
  readonly seconds: number;
  readonly groups: number;
  /** events a second, all groups together */
  readonly rate: number;
  readonly kills: number;
  /** how long it is down at most after each of them, ms */
  readonly downMs: number;
  /** how often a log group goes, ms */
  readonly goEveryMs: number;
  readonly faults: ProxyFaults;
  /** with a store, and what is in it has to be right in the end: that takes two minutes longer */
  readonly hasStore: boolean;
  /** settings of the source that are not the defaults */
  readonly poll: Readonly<Record<string, unknown>>;
  readonly seed: number;
  readonly say: (line: string) => void;
}

/** What the store has of it in the end. */
export interface Stored {
  readonly invocations: number;
  readonly wrongMinutes: number;
}

export interface MotoResult extends Balance {
  /** null = there is none */
  readonly stored: Stored | null;
  readonly seconds: number;
  readonly kills: number;
  readonly groups: { readonly created: number; readonly deleted: number; readonly recreated: number };
  readonly requests: Readonly<Record<string, number>>;
  readonly faults: Readonly<FaultCounts>;
  /** from written to delivered, of what was written while it was polled: 50 and 99 of a hundred, ms */
  readonly waitMs: readonly [number, number];
}

/** To the event: what was written is what was taken, counted and stored. */
export const isRight = (result: MotoResult): boolean =>
  isBalanced(result) && (result.stored === null || result.stored.wrongMinutes === 0);

/**
 * Real time, moto, the real SDK at both ends, faults between, and tripline as a process that is killed: whether what was
 * written is what was taken. @throws {Error} where something does not work at all
 */
export async function watchMoto(plan: MotoPlan): Promise<MotoResult> {
  const run = new MotoRun(plan);
  try {
    return await run.run();
  } finally {
    await run.close();
  }
}

class MotoRun {
  readonly #plan: MotoPlan;
  readonly #processes = new Processes();
  readonly #random: Random;
  readonly #fleet: MotoFleet;
  readonly #proxy: FaultProxy;
  readonly #ledger: MotoLedger;
  readonly #config: string;
  readonly #prefix: string;
  #lives = 0;
  #failure: unknown = null;
  /** what a killed process had handed on is not known yet: nothing is deleted that it may have to be given again */
  #isUnread = false;

  constructor(plan: MotoPlan) {
    const { motoUrl, dir, groups, rate, seed } = plan;
    this.#plan = plan;
    this.#random = new Random('moto run', seed);
    this.#prefix = `/aws/lambda/live-${process.pid}-`;
    const region = 'us-east-1';
    this.#fleet = new MotoFleet({ endpoint: motoUrl, region, prefix: this.#prefix, groups, rate, seed });
    this.#proxy = new FaultProxy({
      upstream: motoUrl,
      seed,
      onDelivered: (_group, events) => this.#guard(() => this.#fleet.delivered(events.map(({ message }) => message))),
    });
    this.#proxy.faults = plan.faults;
    mkdirSync(dir, { recursive: true });
    this.#ledger = new MotoLedger(join(dir, 'bus'));
    this.#config = join(dir, 'tripline.yaml');
  }

  async run(): Promise<MotoResult> {
    const { seconds, say } = this.#plan;
    await this.#fleet.begin();
    this.#configure(await this.#proxy.listen());
    const startedMs = Date.now();
    let child = await this.#start();
    const untilMs = Date.now() + seconds * 1000;
    let hasEnded = false;
    const writing = this.#write(untilMs).finally(() => {
      hasEnded = true;
    });
    writing.catch((error: unknown) => {
      this.#failure ??= error;
    });
    for (const killMs of this.#killTimes(Date.now(), untilMs)) {
      await this.#watch(child, () => Date.now() >= killMs);
      this.#isUnread = true;
      await child.end('SIGKILL', END_MS);
      await this.#ledger.endLife();
      const { taken } = this.#ledger;
      this.#fleet.killed((n) => taken.has(n));
      this.#isUnread = false;
      say(
        `killed after ${((Date.now() - startedMs) / 1000).toFixed(0)} s; ${this.#fleet.written.length} events written`,
      );
      await wait(this.#random.between(0, this.#plan.downMs));
      child = await this.#start();
    }
    await this.#watch(child, () => hasEnded);
    await writing;
    await this.#drain(child);
    await child.end('SIGTERM', END_MS);
    await this.#ledger.endLife();
    return { ...this.#result((Date.now() - startedMs) / 1000), stored: await this.#stored() };
  }

  /** Ends all that is left. */
  async close(): Promise<void> {
    this.#processes.killAll();
    await this.#proxy.close();
    await this.#fleet.end().catch(() => {}); // moto may be what has failed
  }

  #configure(endpoint: string): void {
    const { dir, poll, hasStore } = this.#plan;
    const cloudwatch = { regions: 'us-east-1', endpoint, prefix: this.#prefix, ...poll };
    const config = {
      store: hasStore ? this.#store : 'none',
      state: join(dir, 'state'),
      bus: { local: { dir: join(dir, 'bus'), keepMb: 1_000_000 } },
      sources: [{ cloudwatch }],
      http: { listen: 'off' },
      log: { level: 'info', format: 'json' },
    };
    writeFileSync(this.#config, JSON.stringify(config)); // YAML has JSON in it
  }

  async #start(): Promise<Child> {
    const [program = '', ...args] = this.#plan.program;
    // an odd server now and then: a service whose own clock is wrong throughout, and those of its events are not, there is none
    this.#proxy.setClock();
    const logFile = join(this.#plan.dir, `life-${this.#lives++}.log`);
    const child = this.#processes.start({
      name: 'tripline run',
      program,
      args: [...args, 'run', '--config', this.#config],
      logFile,
      env: { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test', AWS_EC2_METADATA_DISABLED: 'true' },
    });
    await child.said(/"started"/, START_MS);
    return child;
  }

  async #write(untilMs: number): Promise<void> {
    const { goEveryMs } = this.#plan;
    let goMs = Date.now() + goEveryMs;
    while (Date.now() < untilMs || (this.#isWanting && Date.now() < untilMs + LONGER_MS)) {
      await this.#fleet.write();
      if (!this.#isUnread) await this.#fleet.comeAndGo();
      if (Date.now() > goMs) {
        await this.#fleet.retire();
        goMs += goEveryMs;
      }
      await wait(WRITE_MS);
    }
  }

  /** Something of what is to happen has not happened yet. */
  get #isWanting(): boolean {
    const { counts } = this.#proxy;
    return this.#fleet.counts.recreated === 0 || FAULT_KINDS.some((kind) => counts[kind] === 0);
  }

  /** In the middle of it, each in a part of its own. */
  #killTimes(fromMs: number, untilMs: number): number[] {
    const { kills } = this.#plan;
    const partMs = ((untilMs - fromMs) * 0.7) / Math.max(1, kills);
    return Array.from({ length: kills }, (_, i) => fromMs + partMs * (i + this.#random.between(0.4, 1)));
  }

  async #watch(child: Child, isOver: () => boolean): Promise<void> {
    for (; !isOver(); await wait(50)) {
      if (this.#failure !== null) throw this.#failure;
      if (!child.isRunning) throw new Error(`it ended by itself: ${child.logFile}`);
    }
  }

  async #drain(child: Child): Promise<void> {
    const lateMs = Date.now() + DRAIN_MS;
    await this.#watch(child, () => this.#fleet.owed === 0 || Date.now() > lateMs);
    if (this.#fleet.owed > 0) this.#plan.say(`${this.#fleet.owed} events were not asked for in ${DRAIN_MS / 1000} s`);
    const settledMs = Date.now() + SETTLE_MS;
    await this.#watch(child, () => Date.now() > settledMs);
    const latestMs = Date.now() + STORE_MS;
    while (Date.now() < latestMs) {
      const stored = await this.#stored();
      if (stored === null || stored.wrongMinutes === 0) return;
      await wait(ASK_STORE_MS);
    }
  }

  async #stored(): Promise<Stored | null> {
    const { hasStore, program } = this.#plan;
    if (!hasStore) return null;
    const minutes: MinuteCount[] = await storedMinutes(program, this.#store);
    const invocations = minutes.reduce((sum, minute) => sum + minute.invocations, 0);
    return { invocations, wrongMinutes: wrongMinutesOf(this.#fleet.written, minutes) };
  }

  get #store(): string {
    return join(this.#plan.dir, 'store');
  }

  #guard(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#failure ??= error;
    }
  }

  #result(seconds: number): Omit<MotoResult, 'stored'> {
    const { written, counts } = this.#fleet;
    const waits = written
      .filter(({ writtenMs, timestampMs }) => writtenMs - timestampMs < 1000) // those of the past were there before
      .map(({ writtenMs, firstMs }) => firstMs - writtenMs)
      .toSorted((a, b) => a - b);
    const quantile = (q: number) => Math.round(waits[Math.floor(q * (waits.length - 1))] ?? Number.NaN);
    return {
      ...this.#ledger.balance(written),
      seconds: Math.round(seconds),
      kills: this.#plan.kills,
      groups: { created: counts.created, deleted: counts.deleted, recreated: counts.recreated },
      requests: Object.fromEntries(this.#proxy.requests),
      faults: this.#proxy.counts,
      waitMs: [quantile(0.5), quantile(0.99)],
    };
  }
}
