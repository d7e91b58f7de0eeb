import { Desk } from './desk.ts';
import type { DeskCommand } from './desk-commands.ts';
import type { DeskEntry, DeskSaid } from './desk-said.ts';
import { DEFAULT_DESK, type DeskSettings } from './desk-settings.ts';
import type { AlertEvent, Severity, Signal } from './event.ts';
import type { Notice } from './notice.ts';

export const START_MS = Date.parse('2026-11-20T12:00:00Z');

export interface Given {
  readonly name?: string;
  readonly alert?: string;
  readonly event?: AlertEvent['event'];
  /** seconds since the start */
  readonly at: number;
  readonly severity?: Severity;
  readonly signal?: Signal;
  readonly usd?: number;
  readonly owner?: string;
  readonly page?: boolean;
  readonly threats?: readonly string[];
  readonly functions?: readonly string[];
  readonly account?: string;
}

/** What detection would say of `pay` failing; the rest as given. */
export function alert(given: Given): AlertEvent {
  const { name = 'pay', at, event = 'opened', severity = 'error', signal = 'errors', usd, owner, page } = given;
  const functionOf = (of: string) => ({
    provider: 'aws',
    account: given.account ?? '1',
    region: 'eu-west-1',
    name: of,
    version: null,
  });
  return {
    schema: 1,
    event,
    alert_id: given.alert ?? `${name}-${signal}`,
    at: new Date(START_MS + at * 1000).toISOString(),
    started_at: new Date(START_MS).toISOString(),
    function: functionOf(name),
    ...(given.functions === undefined ? {} : { functions: given.functions.map(functionOf) }),
    signal,
    related_signals: [],
    severity,
    observed: 30,
    expected: { low: 0, mid: 1, high: 4 },
    unit: 'failed invocations',
    score: 12,
    window_ms: 60_000,
    baseline: { windows: 100, kind: 'negative-binomial' },
    text: `${name} fails`,
    why: ['it does'],
    threats: given.threats ?? ['T2 event-data injection'],
    evidence: { request_ids: ['r1'], config_hash: 'hash', model: { kind: 'negative-binomial', mean: 1 } },
    impact: usd === undefined ? {} : { usd_per_hour: usd },
    ...(owner === undefined ? {} : { owner }),
    ...(page === undefined ? {} : { page }),
  };
}

export const settings = (more: Partial<DeskSettings> = {}): DeskSettings => ({
  ...DEFAULT_DESK,
  destinations: ['chat', 'pager'],
  ...more,
});

/** A desk on a clock in seconds since the start, and all that it said. */
export class Play {
  desk: Desk;
  readonly said: DeskSaid[] = [];
  #commands = 0;

  constructor(more: Partial<DeskSettings> = {}, adopts = false) {
    this.desk = new Desk(settings(more), adopts);
  }

  hear(...given: Given[]): this {
    for (const it of given) this.said.push(...this.desk.hear(alert(it)));
    return this;
  }

  time(seconds: number): this {
    this.said.push(...this.desk.time(START_MS + seconds * 1000));
    return this;
  }

  command(command: Record<string, unknown> & { readonly kind: DeskCommand['kind'] }): this {
    this.said.push(...this.desk.command({ id: `c${++this.#commands}`, ...command }));
    return this;
  }

  silence(match: object, untilSeconds: number, id = 's1'): this {
    const silence = { id, match, untilMs: START_MS + untilSeconds * 1000, by: 'ann', why: 'known' };
    return this.command({ kind: 'silence', silence });
  }

  get notices(): (Notice & { readonly to: readonly string[] })[] {
    return this.said.flatMap((it) => ('notice' in it ? [{ ...it.notice, to: it.to }] : []));
  }

  get entries(): DeskEntry[] {
    return this.said.flatMap((it) => ('entry' in it ? [it.entry] : []));
  }

  /** `seconds transition vN status` of every notice, quiet ones in brackets. */
  get lines(): string[] {
    return this.notices.map((it) => {
      const line = `${(Date.parse(it.at) - START_MS) / 1000} ${it.incident_id} ${it.transition} v${it.version}`;
      return it.loud ? line : `(${line})`;
    });
  }
}
