import { routesOf, type Teller } from './desk-teller.ts';
import type { AlertEvent } from './event.ts';

/** What there was no room to follow: counted in a digest, or told alone, and over without a word of detection to the desk. */
export interface Untracked {
  readonly opened: number;
  readonly critical: number;
  readonly ended: number;
}

/** Tells of what the desk does not follow. */
export class Overflow {
  readonly #teller: Teller;
  untracked: Untracked = { opened: 0, critical: 0, ended: 0 };
  /** others told people of incidents before there was this desk: their ends are told, too */
  adopts: boolean;

  constructor(teller: Teller, adopts: boolean) {
    this.#teller = teller;
    this.adopts = adopts;
  }

  /** There is no room to follow it: it is counted, and told alone where it is critical. */
  opened(event: AlertEvent, atMs: number): void {
    if (event.event !== 'opened') return;
    const teller = this.#teller;
    const isCritical = event.severity === 'critical';
    const { opened, critical, ended } = this.untracked;
    this.untracked = { opened: opened + 1, critical: critical + Number(isCritical), ended };
    const to = routesOf(event, teller.settings);
    if (teller.historyUntilMs !== null || to.length === 0 || teller.silenceOf(event) !== null) return;
    const isTooMuch = teller.storm.takes(atMs, teller.settings.stormAlertsPerMinute);
    if (isCritical || !isTooMuch) this.#tell(event, 1, to);
    else teller.storm.add(event, to, atMs, false);
  }

  /** An end of something unknown: told by what was there before the desk, or without room to follow it. */
  ended(event: AlertEvent, atMs: number): void {
    const { opened, critical, ended } = this.untracked;
    const mayBeOurs = opened > ended;
    if (mayBeOurs) this.untracked = { opened, critical, ended: ended + 1 };
    const wasTold = this.adopts || (mayBeOurs && critical > 0 && event.severity === 'critical');
    const to = routesOf(event, this.#teller.settings);
    if (wasTold && to.length > 0) this.#tell(event, mayBeOurs ? 2 : 1, to);
    else if (mayBeOurs && event.severity !== 'critical') this.#teller.storm.endUncounted(to, atMs);
  }

  #tell(event: AlertEvent, version: number, to: readonly string[]): void {
    const isEnd = event.event === 'resolved';
    const notice = {
      schema: 1,
      incident_id: event.alert_id,
      version,
      transition: isEnd ? 'resolved' : 'opened',
      status: isEnd ? 'resolved' : 'open',
      loud: !isEnd,
      at: event.at,
      opened_at: isEnd ? event.started_at : event.at,
      by: 'tripline',
      reason: event.text,
      event,
    } as const;
    this.#teller.said.push({ notice, to });
  }
}
