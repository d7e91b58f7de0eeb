import type { LogGroupInfo } from './api.ts';

/** Which log groups of an account are read. Of names, beginnings and patterns one has to fit, then all of the rest. */
export interface SelectionSettings {
  readonly logGroups?: readonly string[] | undefined;
  readonly prefix: readonly string[];
  readonly pattern?: readonly string[] | undefined;
  readonly exclude?: readonly string[] | undefined;
  readonly tags?: Readonly<Record<string, string>> | undefined;
}

export class Selection {
  readonly #names: ReadonlySet<string>;
  readonly #prefixes: readonly string[];
  readonly #patterns: readonly RegExp[];
  readonly #exclude: readonly RegExp[];
  readonly tags: readonly (readonly [key: string, value: string])[];

  constructor({ logGroups = [], prefix, pattern = [], exclude = [], tags = {} }: SelectionSettings) {
    this.#names = new Set(logGroups);
    this.#prefixes = prefix;
    this.#patterns = pattern.map(patternOf);
    this.#exclude = exclude.map(patternOf);
    this.tags = Object.entries(tags);
  }

  /** By name alone. */
  has(name: string): boolean {
    const isMeant =
      this.#names.has(name) ||
      this.#prefixes.some((prefix) => name.startsWith(prefix)) ||
      this.#patterns.some((pattern) => pattern.test(name));
    return isMeant && !this.#exclude.some((pattern) => pattern.test(name));
  }

  hasTags(tags: Readonly<Record<string, string>>): boolean {
    return this.tags.every(([key, value]) => tags[key] === value);
  }

  /** What to list so that nothing is missed: beginnings of names, none of which begins another; null = all. */
  get listings(): readonly (string | null)[] {
    const starts = [...this.#names, ...this.#prefixes, ...this.#patterns.map(({ source }) => startOf(source))];
    if (starts.includes('')) return [null];
    return [...new Set(starts)].filter((one) => !starts.some((other) => other !== one && one.startsWith(other)));
  }
}

/** `*` any text, `?` any letter; the whole name. */
function patternOf(glob: string): RegExp {
  const source = glob.replace(/[.*+?^${}()|[\]\\]/g, (letter) => {
    if (letter === '*') return '.*';
    return letter === '?' ? '.' : `\\${letter}`;
  });
  return new RegExp(`^${source}$`);
}

/** The letters that every name of a pattern begins with. */
function startOf(source: string): string {
  const start = /^\^((?:[^.\\$]|\\.)*)/.exec(source)![1]!;
  return start.replace(/\\\//g, '/').replace(/\\(.)/g, '$1');
}

export interface Changes {
  readonly came: readonly LogGroupInfo[];
  /** keys of groups that are not there any more, or were made anew */
  readonly went: readonly string[];
}

/** What a whole listing means for those that are watched, by name → when they were made. */
export function compareGroups(watched: ReadonlyMap<string, number>, listed: readonly LogGroupInfo[]): Changes {
  const now = new Map(listed.map((group) => [group.name, group]));
  const went = [...watched].filter(([name, createdMs]) => now.get(name)?.createdMs !== createdMs);
  const came = [...now.values()].filter(({ name, createdMs }) => watched.get(name) !== createdMs);
  return { came, went: went.map(([name]) => name) };
}

/** The account in an ARN of CloudWatch Logs; null in what is none. */
export function accountOfArn(arn: string): string | null {
  return /^arn:[\w-]+:logs:[\w-]+:(\d{12}):/.exec(arn)?.[1] ?? null;
}
