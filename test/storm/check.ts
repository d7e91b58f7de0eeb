import { deliveryKey } from '../../alerts/notice.ts';
import { alertIdOf, isCritical, nameOf, type Plan } from './alerts.ts';
import type { Told } from './told.ts';

const DIGEST_WITHIN_MS = 60_000;
/** Besides what is told alone and its end: the digest, once a minute while there is news, and its end. */
const MOST_DIGESTS = 12;

export interface Seen {
  readonly hook: readonly Told[];
  readonly slack: readonly Told[];
  /** when the first alert was said, ms */
  readonly firstMs: number;
  /** when the ends began to be said, ms */
  readonly endsMs: number;
  /** openings told alone before it was known to be a storm */
  readonly beforeStorm: number;
}

export interface DestinationFigures {
  readonly name: string;
  /** until the ends began to be said */
  readonly duringStorm: number;
  readonly afterwards: number;
  /** after the first alert */
  readonly firstDigestMs: number | null;
  /** of criticals, sorted: from alert to request */
  readonly criticalMs: readonly number[];
  /** when the last end was told, after the ends began to be said */
  readonly lastEndMs: number | null;
}

/** What each destination was told, and what of it is wrong. Slack has no keys: there an incident is known by its name. */
export function check(plan: Plan, seen: Seen): { figures: DestinationFigures[]; faults: string[] } {
  const criticals = Array.from({ length: plan.alerts }, (_, i) => i).filter((i) => isCritical(i, plan));
  const openedAt = new Map(
    seen.hook.flatMap(({ kind, notice }) =>
      kind === 'opened' && notice !== null ? [[notice.incident_id, Date.parse(notice.at)] as const] : [],
    ),
  );
  const faults: string[] = [];
  const figures = (['hook', 'slack'] as const).map((name) => {
    const told = seen[name];
    const criticalMs: number[] = [];
    for (const i of criticals) {
      const own = openedOf(told, i);
      if (own.length !== 1) faults.push(`${name}: critical ${nameOf(i)} was told ${own.length} times`);
      const atMs = openedAt.get(alertIdOf(i));
      if (own[0] !== undefined && atMs !== undefined) criticalMs.push(own[0].atMs - atMs);
    }
    const alone = told.filter(({ kind }) => kind === 'opened');
    faults.push(...faultsOf(name, told, seen, alone, criticals.length));
    const firstDigest = told.find(({ kind }) => kind === 'digest');
    const lastEnd = told.findLast(({ kind }) => kind === 'ended');
    return {
      name,
      duringStorm: told.filter(({ atMs }) => atMs < seen.endsMs).length,
      afterwards: told.filter(({ atMs }) => atMs >= seen.endsMs).length,
      firstDigestMs: firstDigest === undefined ? null : firstDigest.atMs - seen.firstMs,
      criticalMs: criticalMs.sort((a, b) => a - b),
      lastEndMs: lastEnd === undefined ? null : lastEnd.atMs - seen.endsMs,
    };
  });
  faults.push(...countFaults(plan, seen.hook));
  return { figures, faults };
}

function openedOf(told: readonly Told[], i: number): Told[] {
  return told.filter(({ kind, key, title }) => {
    if (kind !== 'opened') return false;
    return key === null
      ? title.includes(`${nameOf(i)}:`)
      : key === deliveryKey({ incident_id: alertIdOf(i), version: 1 });
  });
}

function faultsOf(
  name: string,
  told: readonly Told[],
  seen: Seen,
  alone: readonly Told[],
  criticals: number,
): string[] {
  const faults: string[] = [];
  const firstDigest = told.find(({ kind }) => kind === 'digest');
  if (firstDigest === undefined) faults.push(`${name}: no digest`);
  else if (firstDigest.atMs - seen.firstMs > DIGEST_WITHIN_MS) faults.push(`${name}: the digest came too late`);
  const mostAlone = seen.beforeStorm + criticals;
  if (alone.length > mostAlone) faults.push(`${name}: ${alone.length} told alone, not at most ${mostAlone}`);
  const most = 2 * mostAlone + MOST_DIGESTS;
  if (told.length > most) faults.push(`${name}: ${told.length} messages, not at most ${most}`);
  const ends = told.filter(({ kind }) => kind === 'ended');
  // of each that was told alone, and of the digest
  if (ends.length !== alone.length + 1) faults.push(`${name}: ${ends.length} ends of ${alone.length + 1}`);
  const keys = told.flatMap(({ key }) => key ?? []);
  if (new Set(keys).size !== keys.length) faults.push(`${name}: a key came twice`);
  return faults;
}

/** Everything is told alone, or counted in the digest: nothing is left out. */
function countFaults({ alerts }: Plan, hook: readonly Told[]): string[] {
  const alone = hook.filter(({ kind }) => kind === 'opened').length;
  const counted = hook.findLast(({ notice }) => notice?.digest !== undefined)?.notice?.digest?.incidents ?? 0;
  return alone + counted === alerts ? [] : [`${alone} told alone and ${counted} in the digest are not ${alerts}`];
}
