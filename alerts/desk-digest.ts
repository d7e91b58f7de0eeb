import { rankOf, slim } from './desk-incident.ts';
import { iso } from './desk-said.ts';
import type { AlertEvent } from './event.ts';
import type { Notice, NoticeDigest } from './notice.ts';

const MOST_WORST = 20;

/** What one destination is told of a storm: an incident of its own, changed as the storm goes on. Plain data. */
export interface Digest {
  readonly id: string;
  readonly to: string;
  readonly fromMs: number;
  toMs: number;
  version: number;
  /** incidents counted, all */
  incidents: number;
  /** of those, the ones that are followed to their end and are over */
  over: number;
  /** followed to their end, and open */
  open: number;
  /** not followed, for want of room: only counted */
  uncounted: number;
  readonly bySignal: Record<string, number>;
  readonly bySeverity: Record<string, number>;
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
  bySignal: {},
  bySeverity: {},
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
  digest.bySignal[event.signal] = (digest.bySignal[event.signal] ?? 0) + 1;
  digest.bySeverity[event.severity] = (digest.bySeverity[event.severity] ?? 0) + 1;
  const last = digest.worst[MOST_WORST - 1];
  if (last !== undefined && byWorth(event, last) >= 0) return;
  const worst = [...digest.worst, slim(event)].sort(byWorth);
  digest.worst = worst.slice(0, MOST_WORST);
}

/** Worst first. */
function byWorth(a: AlertEvent, b: AlertEvent): number {
  const bySeverity = rankOf(b.severity) - rankOf(a.severity);
  if (bySeverity !== 0) return bySeverity;
  const byCost = (b.impact.usd_per_hour ?? 0) - (a.impact.usd_per_hour ?? 0);
  if (byCost !== 0) return byCost;
  return b.score - a.score || (a.alert_id < b.alert_id ? -1 : 1);
}

/** Whether it says anything that was not told. */
export const isNews = (it: Digest): boolean => it.incidents > it.toldIncidents || it.over > it.toldOver;

/** Everything that it stands for is over. */
export const isOver = (it: Digest): boolean => it.isClosed && it.open === 0;

/** The next notice of it: loud the first time, and whenever its number has doubled. */
export function digestNotice(digest: Digest, atMs: number): Notice {
  const { id, fromMs, incidents, over, worst, loudIncidents, toldIncidents } = digest;
  const loud = incidents >= 2 * loudIncidents && incidents > toldIncidents;
  const more = incidents - toldIncidents;
  const isEnd = isOver(digest);
  digest.version++;
  digest.toldIncidents = incidents;
  digest.toldOver = over;
  if (loud) digest.loudIncidents = incidents;
  const words = (n: number) => `${n} incident${n === 1 ? '' : 's'}`;
  return {
    schema: 1,
    incident_id: id,
    version: digest.version,
    transition: isEnd ? 'resolved' : 'digest',
    status: isEnd ? 'resolved' : 'open',
    loud: loud && !isEnd,
    at: iso(atMs),
    opened_at: iso(fromMs),
    by: 'tripline',
    reason: isEnd
      ? `all ${words(incidents)} told together since ${iso(fromMs)} are over`
      : `too many to tell apart: ${more} more, ${words(incidents)} since ${iso(fromMs)}, ${over} of them over`,
    event: worst[0]!,
    digest: contentOf(digest),
  };
}

function contentOf({ incidents, fromMs, toMs, bySignal, bySeverity, worst }: Digest): NoticeDigest {
  return {
    incidents,
    from: iso(fromMs),
    to: iso(toMs),
    by_signal: { ...bySignal },
    by_severity: { ...bySeverity },
    worst,
  };
}
