import { createHealth, type Health, type HealthReport } from '../../infra/health.ts';
import type { RoleContext } from './context.ts';

export type Role = (context: RoleContext) => Promise<void>;

/** One part of the work of a process. */
export interface HostRole {
  /** unlike the others of its process: ingest, detect, notify, … */
  readonly name: string;
  readonly run: Role;
  /** it reads what can be read only once, such as standard input: a new configuration leaves it as it is */
  readonly isOnce?: boolean;
}

interface Running {
  readonly role: HostRole;
  readonly health: Health;
  readonly stop: AbortController;
  /** never rejects; the error it ended with, null = it ended as it should */
  readonly end: Promise<{ readonly error: unknown } | null>;
  isEnded: boolean;
  failure: { readonly error: unknown } | null;
}

/** The roles of one process: started, ended and started anew one by one, all ended when one of them cannot go on. */
export class RunningRoles {
  readonly #running = new Map<string, Running>();
  readonly #signal: AbortSignal;
  readonly #onFailed: (error: unknown) => void;
  #isChanging = false;
  #failure: { readonly error: unknown } | null = null;
  #over: () => void = () => {};
  readonly #isOver = new Promise<void>((resolve) => {
    this.#over = resolve;
  });

  /** @param signal asks for the end of all; `onFailed` hears of the first that cannot go on, while the others are asked to save */
  constructor(signal: AbortSignal, onFailed: (error: unknown) => void) {
    this.#signal = signal;
    this.#onFailed = onFailed;
    signal.addEventListener('abort', () => this.#stopAll());
  }

  start(role: HostRole, contextOf: (health: Health, signal: AbortSignal) => RoleContext): void {
    const stop = new AbortController();
    const health = createHealth();
    if (this.#signal.aborted) stop.abort(this.#signal.reason);
    const end = role.run(contextOf(health, stop.signal)).then(
      () => null,
      (error: unknown) => ({ error }),
    );
    const running: Running = { role, health, stop, end, isEnded: false, failure: null };
    this.#running.set(role.name, running);
    void end.then((failure) => {
      running.isEnded = true;
      running.failure = failure;
      if (failure !== null && !this.#isChanging) this.fail(failure.error);
      this.#look();
    });
  }

  /** One cannot go on: all save and end. */
  fail(error: unknown): void {
    if (this.#failure !== null) return;
    this.#failure = { error };
    this.#onFailed(error);
    this.#stopAll();
  }

  #stopAll(): void {
    for (const { health, stop } of this.#running.values()) {
      health.drain();
      stop.abort();
    }
  }

  #look(): void {
    if (!this.#isChanging && [...this.#running.values()].every(({ isEnded }) => isEnded)) this.#over();
  }

  /** Resolves when all have ended. @throws what the first of them threw that could not go on */
  async ended(): Promise<void> {
    await this.#isOver;
    if (this.#failure !== null) throw this.#failure.error;
  }

  /** Does `work`, during which roles may end and fail without ending the others. One at a time. */
  async change<Result>(work: () => Promise<Result>): Promise<Result> {
    this.#isChanging = true;
    try {
      return await work();
    } finally {
      this.#isChanging = false;
      for (const { failure } of this.#running.values()) if (failure !== null) this.fail(failure.error);
      if (this.#signal.aborted) this.#stopAll();
      this.#look();
    }
  }

  /** Asks for an orderly end and waits for it. @throws what it ended with: then it could not save */
  async stop(name: string): Promise<void> {
    const running = this.#running.get(name);
    if (running === undefined) return;
    running.health.drain();
    running.stop.abort();
    const failure = await running.end;
    this.#running.delete(name);
    if (failure !== null) throw failure.error;
  }

  /** Resolves when these are ready, at the latest after `patienceMs`, or one of them has ended: its error. Null = none has. */
  async settled(names: readonly string[], patienceMs: number): Promise<{ readonly error: unknown } | null> {
    const these = names.flatMap((name) => this.#running.get(name) ?? []);
    const gone = new AbortController();
    const ready = new Promise<null>((resolve) => {
      const look = () => {
        if (these.every(({ health }) => health.report().isReady)) resolve(null);
      };
      const timer = setInterval(look, LOOK_MS);
      const deadline = setTimeout(() => resolve(null), patienceMs);
      gone.signal.addEventListener('abort', () => {
        clearInterval(timer);
        clearTimeout(deadline);
      });
      look();
    });
    try {
      return await Promise.race([ready, ...these.map(({ end }) => end)]);
    } finally {
      gone.abort();
    }
  }

  reasons(): readonly string[] {
    return [...this.#running.values()].flatMap(({ health }) => health.report().reasons);
  }

  /** Of all roles together; while one is exchanged it is not ready, and alive. */
  report(): HealthReport {
    const reports = [...this.#running.values()].map(({ health }) => health.report());
    const reasons = reports.flatMap((it) => it.reasons);
    if (reports.length === 0) reasons.push('starting');
    if (this.#isChanging) reasons.unshift('taking a new configuration');
    return {
      isAlive: reports.every(({ isAlive }) => isAlive),
      isReady: reasons.length === 0,
      reasons: [...new Set(reasons)],
      warnings: reports.flatMap(({ warnings }) => warnings),
      components: Object.assign({}, ...reports.map(({ components }) => components)),
    };
  }
}

const LOOK_MS = 20;
