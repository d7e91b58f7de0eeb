import type { GroupPage, LogGroupInfo, LogsApi } from './api.ts';
import { LogsError } from './api.ts';
import { backoffMs } from './job.ts';
import type { Selection } from './selection.ts';

/** Tags are looked at again after so long, ms: each costs a request of its own. */
const TAGS_KEPT_MS = 10 * 60_000;
const TRIES = 6;

export interface DiscoveryClock {
  /** wall clock, ms since 1970 */
  readonly nowMs: () => number;
  /** a clock that never jumps, ms */
  readonly elapsedMs: () => number;
  readonly wait: (ms: number) => Promise<void>;
  readonly random: () => number;
}

/** Finds the log groups of one account and region that are meant. */
export class Discovery {
  readonly #api: LogsApi;
  readonly #selection: Selection;
  readonly #clock: DiscoveryClock;
  readonly #tags = new Map<string, { readonly hasTags: boolean; readonly atMs: number }>();

  constructor(api: LogsApi, selection: Selection, clock: DiscoveryClock) {
    this.#api = api;
    this.#selection = selection;
    this.#clock = clock;
  }

  /** A whole listing, or an error: half of one would look as if the others had gone. @throws {LogsError} */
  async list(): Promise<LogGroupInfo[]> {
    const found = new Map<string, LogGroupInfo>();
    for (const prefix of this.#selection.listings) {
      let nextToken: string | null = null;
      do {
        const token: string | null = nextToken;
        const page: GroupPage = await this.#again(() => this.#api.describeLogGroups({ prefix, nextToken: token }));
        for (const group of page.groups) if (this.#selection.has(group.name)) found.set(group.name, group);
        nextToken = page.nextToken === token ? null : page.nextToken;
      } while (nextToken !== null);
    }
    if (this.#selection.tags.length === 0) return [...found.values()];
    const tagged: LogGroupInfo[] = [];
    for (const group of found.values()) if (await this.#hasTags(group)) tagged.push(group);
    return tagged;
  }

  async #hasTags({ arn, createdMs }: LogGroupInfo): Promise<boolean> {
    const key = `${arn} ${createdMs}`;
    const steadyMs = this.#clock.elapsedMs();
    const known = this.#tags.get(key);
    // those of a fresh function may be put on after it was made
    if (known !== undefined && steadyMs - known.atMs < TAGS_KEPT_MS && this.#clock.nowMs() - createdMs > TAGS_KEPT_MS)
      return known.hasTags;
    try {
      const tags = await this.#again(() => this.#api.tagsOf(arn));
      const hasTags = this.#selection.hasTags(tags);
      this.#tags.set(key, { hasTags, atMs: steadyMs });
      return hasTags;
    } catch (error) {
      if (error instanceof LogsError && error.kind === 'gone') return false;
      throw error;
    }
  }

  /** Repeats what may pass, with backoff. @throws {LogsError} */
  async #again<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
    for (let failures = 0; ; failures++) {
      try {
        return await ask();
      } catch (error) {
        const isPassing = error instanceof LogsError && (error.kind === 'throttled' || error.kind === 'transient');
        if (!isPassing || failures >= TRIES) throw error;
        await this.#clock.wait(backoffMs(failures, false, this.#clock.random));
      }
    }
  }
}
