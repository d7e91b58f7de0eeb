import { isDeepStrictEqual } from 'node:util';
import { Secret } from '../../alerts/sinks/secret.ts';
import type { LearnedModel } from '../../models/learned/artifact.ts';
import type { Config } from '../config.ts';

/** A configuration with what it names read. */
export interface Loaded {
  readonly config: Config;
  readonly model: LearnedModel | null;
}

/** What roles there are: those that read logs, by whatever name, the one that judges and the one that tells. */
export type RoleKind = 'reading' | 'detect' | 'notify';
const KINDS: readonly RoleKind[] = ['reading', 'detect', 'notify'];

export const kindOf = (role: string): RoleKind => (role === 'detect' || role === 'notify' ? role : 'reading');

/** What is open for as long as the process lives. */
const FIXED = ['bus', 'store', 'state', 'http', 'limits.storeBufferMb'] as const;

/** Who reads a section; one that is not listed is read by all. */
const READERS: Readonly<Record<string, RoleKind>> = {
  detection: 'detect',
  model: 'detect',
  invocations: 'detect',
  pages_per_week: 'detect',
  sources: 'reading',
  fields: 'reading',
  listen: 'reading',
  destinations: 'notify',
  routes: 'notify',
  alerting: 'notify',
};

export interface Changes {
  /** sections that differ and cannot be taken without a restart */
  readonly fixed: readonly string[];
  /** sections that differ and can */
  readonly sections: readonly string[];
  /** who has to begin anew to take them */
  readonly kinds: ReadonlySet<RoleKind>;
}

/** How the configurations differ, by the names of the sections in the file. */
export function changesOf(before: Loaded, after: Loaded): Changes {
  const [was, is] = [sectionsOf(before), sectionsOf(after)];
  const names = [...new Set([...Object.keys(was), ...Object.keys(is)])];
  const differ = names.filter((name) => !isDeepStrictEqual(was[name], is[name]));
  const fixed = differ.filter((name) => (FIXED as readonly string[]).includes(name));
  const sections = differ.filter((name) => !fixed.includes(name));
  return { fixed, sections, kinds: new Set(sections.flatMap((name) => READERS[name] ?? KINDS)) };
}

/** What changes what is found: told apart by the hash of all of it. */
const IN_HASH = new Set(['settings', 'prices', 'deploys', 'deploysFile']);

function sectionsOf({ config, model }: Loaded): Record<string, unknown> {
  const { live, configHash, paging, ...others } = config;
  const { limits, destinations, ...sections } = live;
  const { storeBufferMb, ...otherLimits } = limits;
  return {
    ...Object.fromEntries(Object.entries(others).filter(([name]) => !IN_HASH.has(name))),
    ...sections,
    detection: configHash,
    model: model?.digest ?? null,
    pages_per_week: paging,
    limits: otherLimits,
    'limits.storeBufferMb': storeBufferMb,
    destinations: revealed(destinations),
  };
}

/** Secrets look alike from outside, also to a comparison. */
function revealed(value: unknown): unknown {
  if (value instanceof Secret) return value.reveal();
  if (Array.isArray(value)) return value.map(revealed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, revealed(part)]));
}
