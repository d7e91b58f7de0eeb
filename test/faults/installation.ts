import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Topics } from '../../infra/topics.ts';
import { ClickHouse } from './clickhouse.ts';
import type { Outcome } from './compare.ts';
import { folderOf, type Lab } from './lab.ts';
import type { Child } from './processes.ts';
import { makeTopics, PARTITIONS, Progress, TIMES } from './topics.ts';

const READY_MS = 60_000;
/** An orderly end takes seconds. */
const END_MS = 30_000;
/** A record holds up to three hours of events: one that comes twice, or too late, is still within this. */
const LATENESS_MS = 24 * 3_600_000;
const DRAIN_MS = 180_000;
const LOOK_MS = 500;
/** So many looks in a row must find everything done. */
const CALM_LOOKS = 5;

export type RoleName = 'ingest' | 'detect' | 'notify' | 'run';

export interface Settings {
  readonly [key: string]: unknown;
}

/** One installation with topics, store and folders of its own: what a fault is injected into. */
export class Installation {
  readonly lab: Lab;
  readonly dir: string;
  readonly topics: Topics;
  readonly progress: Progress;
  readonly store: ClickHouse;
  readonly configFile: string;
  readonly #prefix: string;
  readonly #workers = new Map<string, { readonly role: RoleName; child: Child }>();

  private constructor(lab: Lab, dir: string, prefix: string, topics: Topics, progress: Progress, store: ClickHouse) {
    this.lab = lab;
    this.dir = dir;
    this.#prefix = prefix;
    this.topics = topics;
    this.progress = progress;
    this.store = store;
    this.configFile = join(dir, 'tripline.yaml');
  }

  static async open(lab: Lab, name: string, settings: Settings = {}): Promise<Installation> {
    const dir = folderOf(lab, name);
    const prefix = `faults-${randomUUID()}`;
    const store = await ClickHouse.start(lab.processes, lab.root, dir);
    const topics = await makeTopics(lab.brokers, prefix);
    const progress = await Progress.open(lab.brokers, prefix);
    const installation = new Installation(lab, dir, prefix, topics, progress, store);
    const kafka = {
      brokers: lab.brokers.split(','),
      prefix,
      ...TIMES,
      topics: { partitions: PARTITIONS, sources: PARTITIONS, replication: 1 },
    };
    installation.#configure({ bus: { kafka }, ...settings });
    return installation;
  }

  get stateDir(): string {
    return join(this.dir, 'state');
  }

  /** of the one bus that is used */
  get busStateDir(): string {
    return join(this.stateDir, `kafka-${this.#prefix}-${PARTITIONS}`);
  }

  get alertsFile(): string {
    return join(this.dir, 'alerts.ndjson');
  }

  /** YAML has JSON in it. */
  #configure(settings: Settings): void {
    const config = {
      store: this.store.url,
      state: this.stateDir,
      invocations: 'all',
      destinations: [{ type: 'file', path: this.alertsFile }],
      live: { snapshotMs: 1_000, flushMs: 50, latenessMs: LATENESS_MS, shutdownMs: 20_000 },
      http: { listen: 'off' },
      log: { level: 'info', format: 'json' },
      ...settings,
    };
    writeFileSync(this.configFile, JSON.stringify(config, null, 2));
  }

  /** Starts it, or starts it again, and waits until it says so. */
  async start(role: RoleName, name: string, args: readonly string[] = [], env: Record<string, string> = {}) {
    const child = this.launch(role, name, args, env);
    await child.said(/"started"/, READY_MS);
    return child;
  }

  launch(role: RoleName, name: string, args: readonly string[] = [], env: Record<string, string> = {}) {
    const main = join(this.lab.root, 'dist/app/main.js');
    const child = this.lab.processes.start({
      name,
      program: process.execPath,
      args: [main, role, ...args, '--config', this.configFile],
      logFile: join(this.dir, `${name}.log`),
      env,
    });
    this.#workers.set(name, { role, child });
    return child;
  }

  worker(name: string): Child {
    return this.#workers.get(name)!.child;
  }

  get workers(): readonly string[] {
    return [...this.#workers].filter(([, { child }]) => child.isRunning).map(([name]) => name);
  }

  async kill(name: string): Promise<void> {
    const { child } = this.#workers.get(name)!;
    if (!child.isRunning) throw new Error(`${name} has ended by itself: ${child.logFile}`);
    await child.end('SIGKILL', END_MS);
  }

  /** Ends it in order. @throws {Error} where it takes long, or says that it failed */
  async end(name: string): Promise<void> {
    const { child } = this.#workers.get(name)!;
    if (!child.isRunning) throw new Error(`${name} has ended by itself: ${child.logFile}`);
    const { code, signal } = await child.end('SIGTERM', END_MS);
    this.#workers.delete(name);
    if (code !== 0) throw new Error(`${name} ended with ${code ?? signal} after SIGTERM: ${child.logFile}`);
  }

  /** Resolves when every group has acked everything, every worker has its share, and no more comes. */
  async drained(): Promise<void> {
    const lateMs = Date.now() + DRAIN_MS;
    let before = '';
    for (let calm = 0; calm < CALM_LOOKS; ) {
      const lags = await this.progress.lags(this.busStateDir).catch(() => null);
      const ends = JSON.stringify(await this.#ends());
      const detectors = this.workers.filter((name) => name.startsWith('detect')).length;
      const isSettled = await this.progress.isSettled(detectors).catch(() => false);
      const isDone = isSettled && lags !== null && [...lags.values()].every((lag) => lag === 0) && ends === before;
      calm = isDone ? calm + 1 : 0;
      before = ends;
      for (const { child } of this.#workers.values()) {
        if (!child.isRunning) throw new Error(`${child.name} has ended by itself: ${child.logFile}`);
      }
      if (Date.now() > lateMs) {
        const left = [...(lags ?? [])].map(([group, lag]) => `${group} ${lag}`).join(', ');
        throw new Error(`not done within ${DRAIN_MS / 1000} s; records that are not acked: ${left}`);
      }
      await wait(LOOK_MS);
    }
  }

  async #ends(): Promise<number[][]> {
    const topics = ['fragments', 'verdicts', 'alerts', 'notices', 'rejects'] as const;
    return await Promise.all(topics.map((topic) => this.progress.ends(topic))).catch(() => []);
  }

  async endAll(): Promise<void> {
    const ends = await Promise.allSettled(this.workers.map((name) => this.end(name)));
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
  }

  async outcome(): Promise<Outcome> {
    const text = existsSync(this.alertsFile) ? readFileSync(this.alertsFile, 'utf8') : '';
    return { alerts: text.split('\n').filter((line) => line !== ''), tables: await this.store.tables() };
  }

  /** Ends what is left of it. */
  async close(): Promise<void> {
    for (const { child } of this.#workers.values()) child.signal('SIGKILL');
    await this.progress.close().catch(() => {});
    await this.topics.close().catch(() => {});
    await this.store.stop().catch(() => {});
  }
}
