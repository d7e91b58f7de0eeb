import type { Log } from '../../infra/log.ts';
import type { Config } from '../config.ts';
import { type Changes, changesOf, kindOf, type Loaded } from './reload.ts';
import type { HostRole, RunningRoles } from './running-roles.ts';

/** How long roles may take to be ready before the new configuration counts as taken all the same, ms. */
const PATIENCE_MS = 30_000;

export interface ReloadHooks {
  /** Reads and checks everything that the configuration names. @throws {ConfigError} */
  readonly read: () => Loaded;
  readonly rolesOf: (config: Config) => Promise<readonly HostRole[]>;
  readonly start: (role: HostRole, loaded: Loaded) => void;
  readonly running: RunningRoles;
  readonly log: Log;
  /** told before the roles begin with it */
  readonly begin: (loaded: Loaded) => Promise<void>;
  readonly patienceMs?: number;
}

/** What a reload came to. */
export interface Reloaded {
  /** sections of the file that differ; empty = none: files that it names were read again */
  readonly sections: readonly string[];
  /** roles that began anew */
  readonly roles: readonly string[];
  /** roles that should have, and cannot: what they read can be read only once */
  readonly kept: readonly string[];
  /** from the first role asked to end to the last one ready */
  readonly tookMs: number;
  /** why it is not ready yet; empty = it is */
  readonly reasons: readonly string[];
}

/** The configuration stays as it was; the message says why. */
export class ReloadError extends Error {
  override readonly name = 'ReloadError';
  readonly code: 'NEEDS_RESTART' | 'DID_NOT_START' | 'ENDING';

  constructor(code: ReloadError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/**
 * Takes a new configuration while the process runs: reads and checks all of it, lets the roles that it concerns save and
 * end, and starts them with it. They go on from what they saved, as after a restart, so nothing is lost or said twice; the
 * bus, the store and the other roles stay open. What cannot be taken is refused as a whole.
 */
export class Reloads {
  readonly #hooks: ReloadHooks;
  #loaded: Loaded;
  #roles: readonly HostRole[] = [];
  #turn: Promise<unknown> = Promise.resolve();

  constructor(first: Loaded, hooks: ReloadHooks) {
    this.#loaded = first;
    this.#hooks = hooks;
  }

  get loaded(): Loaded {
    return this.#loaded;
  }

  async startAll(): Promise<void> {
    this.#roles = await this.#hooks.rolesOf(this.#loaded.config);
    for (const role of this.#roles) this.#hooks.start(role, this.#loaded);
  }

  /** One after the other. @throws {ConfigError | UsageError | ReloadError} and all is as it was */
  reload(): Promise<Reloaded> {
    const done = this.#turn.then(() => this.#reload());
    this.#turn = done.catch(() => {});
    return done;
  }

  async #reload(): Promise<Reloaded> {
    const { read, rolesOf, running, log } = this.#hooks;
    const next = read();
    const changes = changesOf(this.#loaded, next);
    if (changes.fixed.length > 0) {
      const names = changes.fixed.join(', ');
      throw new ReloadError(
        'NEEDS_RESTART',
        `${names}: cannot change while it runs; the configuration in use stays. Restart to take it`,
      );
    }
    const roles = await rolesOf(next.config);
    const concerned = this.#concerned(changes, roles);
    const reloaded = await running.change(() => this.#exchange(next, roles, concerned));
    const result = { ...reloaded, sections: changes.sections };
    log.info('took a new configuration', { ...result });
    return result;
  }

  /** The roles, by name, that begin anew or end. */
  #concerned({ kinds, sections }: Changes, next: readonly HostRole[]): string[] {
    // nothing differs: somebody has changed a file that it names, such as a key or a certificate
    const all = sections.length === 0 ? new Set(['reading', 'notify']) : kinds;
    const names = new Set([...this.#roles, ...next].map(({ name }) => name));
    const isNew = (name: string) => !(has(this.#roles, name) && has(next, name));
    return [...names].filter((name) => all.has(kindOf(name)) || isNew(name));
  }

  async #exchange(
    next: Loaded,
    roles: readonly HostRole[],
    concerned: readonly string[],
  ): Promise<Omit<Reloaded, 'sections'>> {
    const { running, begin, patienceMs = PATIENCE_MS } = this.#hooks;
    const isOnce = (name: string) => this.#roles.some((role) => role.name === name && role.isOnce === true);
    const names = concerned.filter((name) => !isOnce(name));
    const before = { loaded: this.#loaded, roles: this.#roles };
    const startedMs = performance.now();
    await Promise.all(names.map((name) => running.stop(name))).catch((error: unknown) => {
      running.fail(error); // one could not save
      throw error;
    });
    await begin(next);
    this.#start(roles, names, next);
    const failure = await running.settled(names, patienceMs);
    if (failure !== null) {
      await this.#goBack(before, names, failure.error);
      throw new ReloadError('DID_NOT_START', `${messageOf(failure.error)}; the configuration before is in use again`, {
        cause: failure.error,
      });
    }
    this.#loaded = next;
    this.#roles = roles;
    const tookMs = Math.round(performance.now() - startedMs);
    return { roles: names, kept: concerned.filter(isOnce), tookMs, reasons: running.reasons() };
  }

  #start(roles: readonly HostRole[], names: readonly string[], loaded: Loaded): void {
    for (const role of roles) if (names.includes(role.name)) this.#hooks.start(role, loaded);
  }

  async #goBack({ loaded, roles }: Before, names: readonly string[], error: unknown): Promise<void> {
    const { running, begin, log, patienceMs = PATIENCE_MS } = this.#hooks;
    log.error('the new configuration does not start: going back to the one before', { error });
    await Promise.all(names.map((name) => running.stop(name).catch(() => {})));
    await begin(loaded);
    this.#start(roles, names, loaded);
    const failure = await running.settled(names, patienceMs);
    if (failure !== null) running.fail(failure.error); // that worked before: a matter for whoever restarts processes
  }
}

interface Before {
  readonly loaded: Loaded;
  readonly roles: readonly HostRole[];
}

const has = (roles: readonly HostRole[], name: string): boolean => roles.some((role) => role.name === name);

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
