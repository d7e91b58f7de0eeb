import { counts, type Incident } from './labels.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from './rhythm.ts';

/** The parts of an alert event (docs/alert-event.schema.json) that scoring needs. */
export interface ScoredAlert {
  readonly event: string;
  readonly alert_id: string;
  readonly at: string;
  readonly function: { readonly name: string };
  readonly functions?: readonly { readonly name: string }[];
  readonly signal: string;
  readonly severity: string;
  readonly text?: string;
}

/** What the alerts are scored against. */
export interface Truth {
  readonly labels: readonly Incident[];
  /** holes in everyone's telemetry, event time */
  readonly holes: readonly { readonly fromMs: number; readonly toMs: number }[];
  readonly functions: number;
  /** end of the warm-up: alerts before it do not count */
  readonly warmMs: number;
  readonly endMs: number;
}

export interface Finding {
  readonly incident: Incident;
  /** the first alert that hit, null = missed */
  readonly alert: ScoredAlert | null;
  /** event time of that alert minus the moment the effect passed the floor; below 0 for one that came before it */
  readonly delayMs: number | null;
}

export interface Score {
  /** one an incident that counts */
  readonly findings: readonly Finding[];
  readonly falseAlerts: readonly ScoredAlert[];
  /** incidents that left nothing in the logs */
  readonly excluded: readonly Incident[];
  /** after the warm-up */
  readonly functionDays: number;
  /** telemetry alerts during a real hole, and how many holes had one */
  readonly telemetryAlerts: number;
  readonly holesSeen: number;
  readonly holes: number;
}

const EARLY_MS = 2 * MINUTE_MS;
const SHADOW_MS = HOUR_MS;

/** How long after its end an incident may still be found: 10 minutes, or a quarter of its length. */
export function graceMs(incident: Incident): number {
  return Math.max(10 * MINUTE_MS, (incident.endMs - incident.onsetMs) / 4);
}

function namesOf(alert: ScoredAlert): readonly string[] {
  return [alert.function.name, ...(alert.functions ?? []).map(({ name }) => name)];
}

function concerns(alert: ScoredAlert, incident: Incident): boolean {
  return namesOf(alert).some((name) => incident.functions.includes(name));
}

function hits(alert: ScoredAlert, incident: Incident): boolean {
  const atMs = Date.parse(alert.at);
  return atMs >= incident.onsetMs - EARLY_MS && atMs <= incident.endMs + graceMs(incident) && concerns(alert, incident);
}

/** Neither hit nor false: what an incident leaves behind may still be spoken of for an hour. */
function shadowed(alert: ScoredAlert, incident: Incident): boolean {
  const atMs = Date.parse(alert.at);
  return atMs >= incident.onsetMs - EARLY_MS && atMs <= incident.endMs + SHADOW_MS && concerns(alert, incident);
}

/** A hole is known when it is minutes old, and over when what it held back has come. */
function inHole(alert: ScoredAlert, truth: Truth): boolean {
  const atMs = Date.parse(alert.at);
  return (
    alert.signal === 'telemetry' &&
    truth.holes.some(({ fromMs, toMs }) => atMs >= fromMs && atMs <= toMs + 10 * MINUTE_MS)
  );
}

/**
 * Scores alert events against the truth by the definitions of docs/detection.md: only `opened` events above `info` count.
 * O(alerts × incidents).
 */
export function score(events: readonly ScoredAlert[], truth: Truth): Score {
  const opened = events.filter(({ event, severity }) => event === 'opened' && severity !== 'info');
  const telemetry = opened.filter((alert) => inHole(alert, truth));
  const alerts = opened.filter((alert) => !inHole(alert, truth)).sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
  const findings = truth.labels.filter(counts).map((incident) => {
    const alert = alerts.find((candidate) => hits(candidate, incident)) ?? null;
    return { incident, alert, delayMs: alert === null ? null : Date.parse(alert.at) - incident.effectMs };
  });
  const falseAlerts = alerts.filter(
    (alert) =>
      Date.parse(alert.at) >= truth.warmMs &&
      !truth.labels.some((incident) => hits(alert, incident) || shadowed(alert, incident)),
  );
  return {
    findings,
    falseAlerts,
    excluded: truth.labels.filter((incident) => !counts(incident)),
    functionDays: (truth.functions * (truth.endMs - truth.warmMs)) / DAY_MS,
    telemetryAlerts: telemetry.length,
    holesSeen: truth.holes.filter((hole) => telemetry.some((alert) => inHole(alert, { ...truth, holes: [hole] })))
      .length,
    holes: truth.holes.length,
  };
}
