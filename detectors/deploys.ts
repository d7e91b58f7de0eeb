import { parseFunctionKey } from '../ingest/fragment.ts';

/** One deploy, as a pipeline or an audit log tells of it. */
export interface Deploy {
  readonly timeMs: number;
  /** name of the function, or its key `provider/account/region/name`; `*` stands for any text */
  readonly match: string;
  /** the version it published, null = not told */
  readonly version: string | null;
  readonly note: string | null;
}

const HOUR_MS = 3_600_000;
/** A deploy that names no version explains what is first seen within a day of it: rarely called functions take that long. */
const BEFORE_MS = 24 * HOUR_MS;
/** One that names the version explains it whenever it first answers within a month. */
const NAMED_BEFORE_MS = 30 * 24 * HOUR_MS;
/** Clocks of pipelines and of functions differ: a call may come so much before the deploy that explains it, ms. */
const AFTER_MS = 5 * 60_000;

/** All deploys that were told of, for look-up. Pure: the same list gives the same answers. */
export class Deploys {
  readonly #byTime: readonly (Deploy & { readonly pattern: RegExp })[];

  constructor(deploys: readonly Deploy[]) {
    const patterns = new Map<string, RegExp>();
    const patternOf = (match: string): RegExp => {
      const known = patterns.get(match) ?? new RegExp(`^${match.split('*').map(escaped).join('.*')}$`, 's');
      patterns.set(match, known);
      return known;
    };
    this.#byTime = deploys
      .map((deploy) => ({ ...deploy, pattern: patternOf(deploy.match) }))
      .sort((a, b) => a.timeMs - b.timeMs);
  }

  /** The newest deploy that explains why `version` (null = any) of a function is first seen at `timeMs`; null when none does. */
  explain(fn: string, version: string | null, timeMs: number): Deploy | null {
    for (let i = this.#after(timeMs + AFTER_MS) - 1; i >= 0; i--) {
      const deploy = this.#byTime[i]!;
      const age = timeMs - deploy.timeMs;
      if (age > NAMED_BEFORE_MS) return null;
      if (deploy.version !== null && version !== null ? deploy.version !== version : age > BEFORE_MS) continue;
      if (isOf(deploy.pattern, fn)) return deploy;
    }
    return null;
  }

  /** Deploys from `fromMs` up to, but not at, `toMs`. */
  between(fromMs: number, toMs: number): readonly Deploy[] {
    return this.#byTime.slice(this.#after(fromMs - 1), this.#after(toMs - 1));
  }

  /** Whether this deploy is one of this function. */
  static isOf(deploy: Deploy, fn: string): boolean {
    return isOf((deploy as Deploy & { pattern: RegExp }).pattern, fn);
  }

  /** How many are at `timeMs` or before. */
  #after(timeMs: number): number {
    let low = 0;
    let high = this.#byTime.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#byTime[middle]!.timeMs <= timeMs) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function isOf(pattern: RegExp, fn: string): boolean {
  return pattern.test(fn) || pattern.test(parseFunctionKey(fn).name);
}

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
