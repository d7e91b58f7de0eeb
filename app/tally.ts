import type { AlertEvent, Severity, Signal } from '../alerts/event.ts';

/** What is known of one alert after its latest event. */
interface Standing {
  readonly signal: Signal;
  readonly severity: Severity;
  readonly owner: string | null;
  readonly page: boolean;
}

/** Counts alerts, not events: an alert that was updated and resolved is one, as its latest event says it. */
export class AlertTally {
  readonly #alerts = new Map<string, Standing>();
  /** the alert to look into first: the worst, of those the earliest */
  worst: { readonly id: string; readonly severity: Severity } | null = null;

  add({ alert_id: id, signal, severity, owner = null, page = false }: AlertEvent): void {
    this.#alerts.set(id, { signal, severity, owner, page });
    if (this.worst === null || rank(severity) > rank(this.worst.severity)) this.worst = { id, severity };
  }

  get count(): number {
    return this.#alerts.size;
  }

  /** True when somebody ought to look: anything above info. */
  get isAlarming(): boolean {
    return [...this.#alerts.values()].some(({ severity }) => severity !== 'info');
  }

  /** Of one budget: alerts that paged, and alerts above info that wait for the digest. */
  pagesOf(owner: string | null): { paged: number; held: number } {
    const own = [...this.#alerts.values()].filter((alert) => alert.owner === owner && alert.severity !== 'info');
    const paged = own.filter(({ page }) => page).length;
    return { paged, held: own.length - paged };
  }

  bySignal(): Record<string, number> {
    return countBy([...this.#alerts.values()].map(({ signal }) => signal));
  }

  bySeverity(): Record<string, number> {
    return countBy([...this.#alerts.values()].map(({ severity }) => severity));
  }
}

const SEVERITIES: readonly Severity[] = ['info', 'warning', 'error', 'critical'];
const rank = (severity: Severity): number => SEVERITIES.indexOf(severity);

/** How often each text occurs, by text. */
export function countBy(texts: Iterable<string>): Record<string, number> {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));
}
