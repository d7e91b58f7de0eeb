import { DAY_MS, MINUTE_MS } from '../rhythm.ts';

/** A series and what was said of it: one score a row. */
export interface ScoredSeries {
  readonly timesMs: Float64Array;
  readonly scores: Float64Array;
  readonly labels: readonly { readonly fromMs: number; readonly toMs: number }[];
}

export interface EventRules {
  /** crossings nearer than this to the row before that crossed belong to the same event, minutes */
  readonly mergeMin: number;
  /** an event may open so long before the mark and still hit, minutes */
  readonly earlyMin: number;
  /** not scored at the start, days */
  readonly warmupDays: number;
}

export const EVENT_RULES: EventRules = { mergeMin: 60, earlyMin: 2, warmupDays: 2 };

/** What one bar for all series gives. */
export interface EventScore {
  readonly bar: number;
  readonly labels: number;
  readonly hits: number;
  readonly falseEvents: number;
  readonly seriesDays: number;
  readonly recall: number;
  readonly precision: number;
  readonly f1: number;
  readonly falsePer1000Days: number;
}

/** After its end an anomaly may still be found: 10 minutes, or a quarter of its length; an hour of echo counts neither way. */
const graceMs = (label: { fromMs: number; toMs: number }) => Math.max(10 * MINUTE_MS, (label.toMs - label.fromMs) / 4);
const SHADOW_MS = 60 * MINUTE_MS;

interface Tally {
  labels: number;
  hits: number;
  falseEvents: number;
  seriesDays: number;
}

/** Adds one series to the tally: first opening of an event decides, repeats are one event. */
function tallySeries(series: ScoredSeries, bar: number, rules: EventRules, tally: Tally): void {
  const { timesMs, scores, labels } = series;
  const startMs = (timesMs[0] ?? 0) + rules.warmupDays * DAY_MS;
  const scored = labels.filter((it) => it.fromMs >= startMs);
  const hit = new Uint8Array(scored.length);
  let lastCrossingMs = Number.NEGATIVE_INFINITY;
  for (let row = 0; row < scores.length; row++) {
    if ((scores[row] ?? 0) < bar) continue;
    const ms = timesMs[row] ?? 0;
    const opens = ms - lastCrossingMs > rules.mergeMin * MINUTE_MS;
    lastCrossingMs = ms;
    if (!opens || ms < startMs) continue;
    const found = scored.findIndex((it) => ms >= it.fromMs - rules.earlyMin * MINUTE_MS && ms <= it.toMs + graceMs(it));
    if (found >= 0) hit[found] = 1;
    else if (!labels.some((it) => ms > it.fromMs && ms <= it.toMs + graceMs(it) + SHADOW_MS)) tally.falseEvents++;
  }
  tally.labels += scored.length;
  tally.hits += hit.reduce((sum, it) => sum + it, 0);
  tally.seriesDays += Math.max(0, (timesMs.at(-1) ?? 0) - startMs) / DAY_MS;
}

/** One bar for all series. */
export function scoreAt(all: readonly ScoredSeries[], bar: number, rules: EventRules = EVENT_RULES): EventScore {
  const tally: Tally = { labels: 0, hits: 0, falseEvents: 0, seriesDays: 0 };
  for (const series of all) tallySeries(series, bar, rules, tally);
  const recall = tally.labels === 0 ? 0 : tally.hits / tally.labels;
  const said = tally.hits + tally.falseEvents;
  const precision = said === 0 ? 0 : tally.hits / said;
  const f1 = recall + precision === 0 ? 0 : (2 * recall * precision) / (recall + precision);
  return { bar, ...tally, recall, precision, f1, falsePer1000Days: (1000 * tally.falseEvents) / tally.seriesDays };
}

/** Bars worth trying: evenly spaced in the rank of the highest scores of all rows. */
export function candidateBars(all: readonly ScoredSeries[], bars: number): number[] {
  const top: number[] = [];
  for (const { scores } of all) {
    const best = Float64Array.from(scores).sort();
    for (let i = Math.max(0, best.length - 400); i < best.length; i++) top.push(best[i] ?? 0);
  }
  top.sort((a, b) => b - a);
  const found = new Set<number>();
  for (let i = 1; i <= bars; i++) {
    const bar = top[Math.floor(top.length ** (i / bars)) - 1] ?? 0;
    if (bar > 0) found.add(bar);
  }
  return [...found];
}

/** The whole curve, highest bar first. */
export function curve(all: readonly ScoredSeries[], bars = 80, rules: EventRules = EVENT_RULES): EventScore[] {
  return candidateBars(all, bars).map((bar) => scoreAt(all, bar, rules));
}

/** The best F1 among bars that cost at most so many false events per 1,000 series-days. */
export function bestF1(points: readonly EventScore[], maxFalsePer1000Days: number): EventScore | null {
  const allowed = points.filter((it) => it.falsePer1000Days <= maxFalsePer1000Days);
  return allowed.reduce<EventScore | null>((best, it) => (best === null || it.f1 > best.f1 ? it : best), null);
}
