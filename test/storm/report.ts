import { quantile } from '../../bench/quantile.ts';
import type { Plan } from './alerts.ts';
import type { DestinationFigures } from './check.ts';
import type { CommandRun } from './scene.ts';
import type { Sample } from './worker.ts';

const MEBIBYTE = 2 ** 20;

export interface Measured {
  readonly plan: Plan;
  readonly samples: readonly (Sample & { readonly atMs: number })[];
  readonly answersMs: readonly number[];
  readonly commands: readonly CommandRun[];
  readonly figures: readonly DestinationFigures[];
  readonly dead: number;
  readonly objections: readonly string[];
}

/** To the millisecond; null where there is none. */
function quantileMs(sorted: readonly number[], share: number): number | null {
  const value = quantile(sorted, share);
  return value === null ? null : Math.round(value);
}

const mib = (bytes: number): number => Math.round(bytes / MEBIBYTE);

export type Report = ReturnType<typeof reportOf>;

export function reportOf({ plan, samples, answersMs, commands, figures, dead, objections }: Measured) {
  const sorted = (values: readonly number[]) => [...values].sort((a, b) => a - b);
  const answers = sorted(answersMs);
  return {
    alerts: plan.alerts,
    criticals: plan.criticals,
    rss_start_mb: mib(samples[0]?.rssBytes ?? 0),
    rss_end_mb: mib(samples.at(-1)?.rssBytes ?? 0),
    peak_rss_mb: mib(samples.at(-1)?.peakRssBytes ?? 0),
    stall_max_ms: Math.round(Math.max(...samples.map(({ stallMs }) => stallMs))),
    ready_p99_ms: quantileMs(answers, 0.99),
    ready_max_ms: answers.at(-1) ?? Number.POSITIVE_INFINITY,
    command_max_ms: Math.round(Math.max(...commands.map(({ tookMs }) => tookMs))),
    dead,
    rate_limited: objections.filter((why) => why === 'rate_limited').length,
    destinations: Object.fromEntries(
      figures.map(({ name, criticalMs, ...rest }) => [
        name,
        { ...rest, critical_p50_ms: quantileMs(criticalMs, 0.5), critical_max_ms: quantileMs(criticalMs, 1) },
      ]),
    ),
  };
}

export function tableOf(report: Report): string {
  const { destinations, ...rest } = report;
  const line = (label: string, text: string) => `${label.padEnd(44)}${text}\n`;
  const seconds = (ms: number | null) => (ms === null ? 'never' : `${(ms / 1000).toFixed(1)} s`);
  return [
    line('alerts, of those critical', `${rest.alerts}, ${rest.criticals}`),
    line('resident memory: start, peak, end', `${rest.rss_start_mb}, ${rest.peak_rss_mb}, ${rest.rss_end_mb} MiB`),
    line('longest stall of the event loop', `${rest.stall_max_ms} ms`),
    line('/readyz: p99, max', `${rest.ready_p99_ms}, ${Math.round(rest.ready_max_ms)} ms`),
    line('tripline status, incidents: max', `${rest.command_max_ms} ms`),
    line('dead letters, answers 429', `${rest.dead}, ${rest.rate_limited}`),
    ...Object.entries(destinations).flatMap(([name, it]) => [
      line(`${name}: messages in the storm, afterwards`, `${it.duringStorm}, ${it.afterwards}`),
      line(`${name}: first digest after the first alert`, seconds(it.firstDigestMs)),
      line(
        `${name}: critical alert → request, p50, max`,
        `${seconds(it.critical_p50_ms)}, ${seconds(it.critical_max_ms)}`,
      ),
      line(`${name}: last end after the ends began`, seconds(it.lastEndMs)),
    ]),
  ].join('');
}
