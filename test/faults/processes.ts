import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';

const LOOK_MS = 50;

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A process with a log of its own, which leads a group: signals reach what it started, too. */
export class Child {
  readonly name: string;
  readonly logFile: string;
  /** resolves when it has ended, whatever ended it */
  readonly ended: Promise<Ended>;
  isRunning = true;
  readonly #process: ChildProcess;
  /** where its part of the log begins, bytes */
  readonly #logFrom: number;

  constructor(name: string, logFile: string, child: ChildProcess, logFrom: number) {
    this.name = name;
    this.logFile = logFile;
    this.#process = child;
    this.#logFrom = logFrom;
    this.ended = new Promise((resolve) => {
      const end = (code: number | null, signal: NodeJS.Signals | null) => {
        this.isRunning = false;
        resolve({ code, signal });
      };
      child.once('exit', end);
      child.once('error', () => end(null, null));
    });
  }

  /** Nothing where it has ended. */
  signal(signal: NodeJS.Signals): void {
    const { pid } = this.#process;
    if (!this.isRunning || pid === undefined) return;
    try {
      process.kill(-pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }

  /** @throws {Error} where it takes longer than `withinMs`: it is killed then */
  async end(signal: NodeJS.Signals, withinMs: number): Promise<Ended> {
    this.signal(signal);
    return await this.endedWithin(withinMs, `after ${signal}`);
  }

  /** @throws {Error} where it still runs then: it is killed */
  async endedWithin(withinMs: number, when: string): Promise<Ended> {
    const late = new AbortController();
    const ended = await Promise.race([this.ended, wait(withinMs, null, { signal: late.signal }).catch(() => null)]);
    late.abort();
    if (ended !== null) return ended;
    this.signal('SIGKILL');
    throw new Error(`${this.name} still runs ${withinMs / 1000} s ${when}: ${this.logFile}`);
  }

  /** What it has said so far. */
  log(): string {
    return readFileSync(this.logFile).subarray(this.#logFrom).toString();
  }

  /** What the log says that matches: its first group. @throws {Error} where it ends before, or does not say it in time */
  async said(pattern: RegExp, withinMs: number): Promise<string> {
    const untilMs = Date.now() + withinMs;
    for (;;) {
      const hasEnded = !this.isRunning;
      const match = pattern.exec(this.log());
      if (match !== null) return match[1] ?? match[0];
      if (hasEnded) throw new Error(`${this.name} ended before it said ${pattern}: ${this.logFile}`);
      if (Date.now() > untilMs) throw new Error(`${this.name} did not say ${pattern} in time: ${this.logFile}`);
      await wait(LOOK_MS);
    }
  }
}

export interface Command {
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
  readonly logFile: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** All child processes of the harness, so that none outlives it. */
export class Processes {
  readonly #children = new Set<Child>();

  /** The log is appended to: a worker that is started again goes on in it. */
  start({ name, program, args, logFile, env }: Command): Child {
    const log = openSync(logFile, 'a', 0o600);
    const logFrom = fstatSync(log).size;
    const started = spawn(program, args, {
      stdio: ['ignore', log, log],
      detached: true, // leads a group
      env: { ...process.env, ...env },
    });
    closeSync(log);
    const child = new Child(name, logFile, started, logFrom);
    this.#children.add(child);
    void child.ended.then(() => this.#children.delete(child));
    return child;
  }

  killAll(): void {
    for (const child of this.#children) child.signal('SIGKILL');
  }
}
