import type { Silence } from './desk-commands.ts';
import { type Incident, loudOf, settledMs, withNewRates, worsening } from './desk-incident.ts';
import { matches } from './desk-match.ts';
import { type DeskSaid, noticeOf, type TransitionEntry, transitionOf } from './desk-said.ts';
import type { DeskSettings } from './desk-settings.ts';
import { Storm } from './desk-storm.ts';
import type { AlertEvent } from './event.ts';

/** Destinations that the routes lead an event to, in the order of the configuration. */
export function routesOf(event: AlertEvent, { routes, destinations }: DeskSettings): string[] {
  if (routes.length === 0) return [...destinations];
  const to = new Set<string>();
  for (const route of routes) {
    if (!matches(route.match, event, 'some')) continue;
    for (const name of route.to) to.add(name);
    if (!route.continue) break;
  }
  return destinations.filter((name) => to.has(name));
}

/** A critical incident is always told alone. */
const isCritical = ({ event }: Incident): boolean => event.severity === 'critical';

/** Decides whether a transition is told, to whom, alone or with others. What it says is in `said`. */
export class Teller {
  settings: DeskSettings;
  readonly storm = new Storm();
  readonly silences = new Map<string, Silence>();
  /** what is from before that time is the past, ms */
  historyUntilMs: number | null = null;
  said: DeskSaid[] = [];

  constructor(settings: DeskSettings) {
    this.settings = settings;
  }

  silenceOf(event: AlertEvent): Silence | null {
    for (const silence of this.silences.values()) if (matches(silence.match, event, 'every')) return silence;
    return null;
  }

  #recipients({ event, told }: Incident): string[] {
    return [...new Set([...told, ...routesOf(event, this.settings)])];
  }

  log(
    incident: Incident,
    transition: TransitionEntry['transition'],
    atMs: number,
    reason: string,
    by = 'tripline',
  ): void {
    this.said.push(transitionOf(incident, { transition, atMs, reason, by }));
  }

  /** Tells of an incident that people should look at. Returns whether anybody was told, or it was counted in a digest. */
  announce(
    incident: Incident,
    transition: 'opened' | 'updated' | 'reopened' | 'renotified',
    atMs: number,
    reason: string,
  ): boolean {
    if (this.historyUntilMs !== null && incident.version === 0 && incident.digests.length === 0) return false;
    if (this.#isSilenced(incident, atMs)) return false;
    const to = this.#recipients(incident);
    if (to.length === 0) return false;
    const isTooMuch = transition !== 'updated' && this.storm.takes(atMs, this.settings.stormAlertsPerMinute);
    incident.loud = loudOf(incident.event, atMs);
    incident.worseMs = null;
    if (isTooMuch && !isCritical(incident)) {
      this.#countIn(incident, to, atMs, transition);
      return true;
    }
    this.#leaveDigests(incident, atMs);
    incident.told = to;
    this.said.push({ notice: noticeOf(incident, { transition, loud: true, atMs, reason }), to });
    return true;
  }

  #countIn(incident: Incident, to: readonly string[], atMs: number, transition: string): void {
    if (incident.digests.length > 0) return; // counted already
    incident.digests = this.storm.add(incident.event, to, atMs, true);
    this.log(incident, 'digest', atMs, `${transition} while too much opened to tell it alone`);
  }

  #leaveDigests(incident: Incident, atMs: number): void {
    if (incident.digests.length === 0) return;
    this.storm.end(incident.digests, atMs);
    incident.digests = [];
  }

  #isSilenced(incident: Incident, atMs: number): boolean {
    const silence = this.silenceOf(incident.event);
    if (silence === null)
      incident.silence = null; // it changed, and is not what the silence is about any more
    else if (incident.silence !== silence.id) this.silence(incident, silence, atMs);
    return silence !== null;
  }

  silence(incident: Incident, { id, by, why }: Silence, atMs: number): void {
    incident.silence = id;
    this.log(incident, 'silenced', atMs, `silence ${id}: ${why}`, by);
  }

  /** Detection has something new on what is told already. */
  update(incident: Incident, atMs: number): void {
    const { event, loud } = incident;
    const worse = loud === null ? null : worsening(loud, event);
    if (loud === null) {
      // nobody was told: silenced, of the past, or no route led anywhere
      this.announce(incident, 'opened', atMs, event.text);
    } else if (worse !== null && atMs < settledMs(incident) && !this.#isForOthersToo(incident)) {
      incident.worseMs = settledMs(incident);
      this.#tellChange(incident, atMs);
    } else if (worse !== null) {
      this.#tellWorsening(incident, atMs, worse);
    } else {
      incident.loud = withNewRates(loud, event);
      this.#tellChange(incident, atMs);
    }
  }

  #tellChange(incident: Incident, atMs: number): void {
    if (incident.told.length > 0 && !this.#isSilenced(incident, atMs))
      this.tellQuietly(incident, 'updated', atMs, incident.event.text);
  }

  /** Whether it leads to somebody now who was not told yet. */
  #isForOthersToo(incident: Incident): boolean {
    return this.#recipients(incident).length > incident.told.length;
  }

  /** What was worse a moment after it was told has had its time: it is told if it still is. */
  tellWorse(incident: Incident, atMs: number): void {
    incident.worseMs = null;
    const worse = incident.loud === null ? null : worsening(incident.loud, incident.event);
    if (worse !== null) this.#tellWorsening(incident, atMs, worse);
  }

  #tellWorsening(incident: Incident, atMs: number, worse: string): void {
    this.announce(incident, incident.told.length === 0 ? 'opened' : 'updated', atMs, worse);
  }

  /** To whoever was told, and whom the routes lead to now. */
  tellQuietly(
    incident: Incident,
    transition: 'updated' | 'acknowledged',
    atMs: number,
    reason: string,
    by?: string,
  ): void {
    const to = this.#recipients(incident);
    if (incident.told.length === 0) return;
    incident.told = to;
    const telling = { transition, loud: false, atMs, reason, ...(by === undefined ? {} : { by }) };
    this.said.push({ notice: noticeOf(incident, telling), to });
  }

  /** It is over: whoever was told is told that, whatever is silenced or routed otherwise now. */
  close(incident: Incident, status: 'resolved' | 'expired', atMs: number, reason: string): void {
    incident.status = status;
    incident.closedMs = atMs;
    incident.resolveMs = null;
    incident.pendingUntilMs = null;
    incident.silence = null;
    incident.worseMs = null;
    if (incident.told.length > 0)
      this.said.push({
        notice: noticeOf(incident, { transition: status, loud: true, atMs, reason }),
        to: incident.told,
      });
    this.#leaveDigests(incident, atMs);
    if (status === 'expired') this.log(incident, 'expired', atMs, reason);
  }
}
