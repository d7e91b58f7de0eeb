import { rankOf, slim } from './desk-incident.ts';
import { iso } from './desk-said.ts';
import type { AlertEvent } from './event.ts';
import { figure, plural } from './message/numbers.ts';
import type { Notice, NoticeDigest } from './notice.ts';

const MOST_WORST = 20;
/** Regions and accounts that are counted by name; what comes after them is `other`. */
const MOST_PLACES = 40;

/** What one destination is told of a storm: an incident of its own, changed as the storm goes on. Plain data. */
export interface Digest {
  readonly id: string;
  readonly to: string;
  readonly fromMs: number;
  toMs: number;
  version: number;
  /** incidents counted, all */
  incidents: number;
  /** of those, the ones that are followed to their end and are over, or were told alone after all */
  over: number;
  /** followed to their end, and open */
  open: number;
  /** not followed, for want of room: only counted */
  uncounted: number;
  /** ends heard of what is not followed, as far as they can be its */
  uncountedOver: number;
  readonly bySignal: Record<string, number>;
  readonly bySeverity: Record<string, number>;
  readonly byRegion: Record<string, number>;
  readonly byAccount: Record<string, number>;
  worst: readonly AlertEvent[];
  /** incidents when it was told, and when it was told loudly */
  toldIncidents: number;
  toldOver: number;
  loudIncidents: number;
  /** the storm is over: nothing is added any more */
  isClosed: boolean;
}

export const newDigest = (to: string, fromMs: number): Digest => ({
  id: `storm-${iso(fromMs)
    .replace(/[-:]|\.\d+/g, '')
    .toLowerCase()}-${to}`,
  to,
  fromMs,
  toMs: fromMs,
  version: 0,
  incidents: 0,
  over: 0,
  open: 0,
  uncounted: 0,
  uncountedOver: 0,
  bySignal: {},
  bySeverity: {},
  byRegion: {},
  byAccount: {},
  worst: [],
  toldIncidents: 0,
  toldOver: 0,
  loudIncidents: 0,
  isClosed: false,
});

/** @param isFollowed false = there is no room to follow it to its end */
export function count(digest: Digest, event: AlertEvent, atMs: number, isFollowed: boolean): void {
  digest.incidents++;
  if (isFollowed) digest.open++;
  else digest.uncounted++;
  digest.toMs = Math.max(digest.toMs, atMs);
  countBy(digest.bySignal, event.signal);
  countBy(digest.bySeverity, event.severity);
  countBy(digest.byRegion, event.function.region ?? OTHER);
  countBy(digest.byAccount, event.function.account ?? OTHER);
  const last = digest.worst[MOST_WORST - 1];
  if (last !== undefined && byWorth(event, last) >= 0) return;
  const worst = [...digest.worst, slim(event)].sort(byWorth);
  digest.worst = worst.slice(0, MOST_WORST);
}

const OTHER = 'other';

/** @param name may be what others wrote */
function countBy(counts: Record<string, number>, name: string): void {
  const key = Object.hasOwn(counts, name) || Object.keys(counts).length < MOST_PLACES ? name : OTHER;
  counts[key] = (Object.hasOwn(counts, key) ? counts[key]! : 0) + 1;
}

/** A copy that does not change any more. */
export const frozenDigest = (digest: Digest): Digest => ({
  ...digest,
  bySignal: { ...digest.bySignal },
  bySeverity: { ...digest.bySeverity },
  byRegion: { ...digest.byRegion },
  byAccount: { ...digest.byAccount },
});

/** Worst first. */
function byWorth(a: AlertEvent, b: AlertEvent): number {
  const bySeverity = rankOf(b.severity) - rankOf(a.severity);
  if (bySeverity !== 0) return bySeverity;
  const byCost = (b.impact.usd_per_hour ?? 0) - (a.impact.usd_per_hour ?? 0);
  if (byCost !== 0) return byCost;
  return b.score - a.score || (a.alert_id < b.alert_id ? -1 : 1);
}

const overIn = (it: Digest): number => it.over + it.uncountedOver;

/** Whether it says anything that was not told. */
export const isNews = (it: Digest): boolean => it.incidents > it.toldIncidents || overIn(it) > it.toldOver;

/** Nothing is added any more, and everything in it that is followed is over. */
export const isOver = (it: Digest): boolean => it.isClosed && it.open === 0;

/** The next notice of it: loud the first time, whenever its number has doubled, and at its end. */
export function digestNotice(digest: Digest, atMs: number): Notice {
  const { id, fromMs, incidents, worst, loudIncidents, toldIncidents } = digest;
  const hasDoubled = incidents >= 2 * loudIncidents && incidents > toldIncidents;
  const isEnd = isOver(digest);
  const reason = isEnd ? reasonOfEnd(digest) : reasonOf(digest);
  digest.version++;
  digest.toldIncidents = incidents;
  digest.toldOver = overIn(digest);
  if (hasDoubled) digest.loudIncidents = incidents;
  return {
    schema: 1,
    incident_id: id,
    version: digest.version,
    transition: isEnd ? 'resolved' : 'digest',
    status: isEnd ? 'resolved' : 'open',
    loud: hasDoubled || isEnd,
    at: iso(atMs),
    opened_at: iso(fromMs),
    by: 'tripline',
    reason,
    event: worst[0]!,
    digest: contentOf(digest),
  };
}

const wordsOf = (incidents: number): string => plural(incidents, 'incident');

function reasonOf(digest: Digest): string {
  const { incidents, toldIncidents, fromMs } = digest;
  const since = `since ${iso(fromMs)}`;
  if (toldIncidents === 0)
    return `too many to tell apart: ${wordsOf(incidents)} ${since}; critical ones are told alone`;
  const more = incidents > toldIncidents ? `${figure(incidents - toldIncidents)} more, ` : '';
  return `${more}${wordsOf(incidents)} told together ${since}, ${figure(overIn(digest))} of them over`;
}

function reasonOfEnd(digest: Digest): string {
  const { incidents, uncounted, uncountedOver, fromMs } = digest;
  const since = `since ${iso(fromMs)}`;
  if (uncountedOver >= uncounted) return `all ${wordsOf(incidents)} told together ${since} are over`;
  const followed = figure(incidents - uncounted);
  const rest = `${figure(uncountedOver)} of the ${figure(uncounted)} others, which were only counted`;
  return `of ${wordsOf(incidents)} told together ${since}, all ${followed} that were followed are over, and ${rest}`;
}

function contentOf(digest: Digest): NoticeDigest {
  const { incidents, fromMs, toMs, bySignal, bySeverity, byRegion, byAccount, worst } = frozenDigest(digest);
  return {
    incidents,
    over: overIn(digest),
    from: iso(fromMs),
    to: iso(toMs),
    by_signal: bySignal,
    by_severity: bySeverity,
    by_region: byRegion,
    by_account: byAccount,
    worst,
  };
}
