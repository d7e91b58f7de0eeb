import { Command } from 'commander';
import { harmless } from '../../infra/table-text.ts';
import { CONFIG_FLAG } from '../config-file.ts';
import { EXIT, type Io } from '../io.ts';
import type { StatusItem } from '../roles/control.ts';
import { askEach, type RunningFlags, runningPeers } from '../running.ts';
import { count, plural, type Style, seconds, styleFor } from '../style.ts';

interface StatusFlags extends RunningFlags {
  readonly json?: true;
}

const HELP = `
Asks every process of the installation on this host. Exit codes: 0 all are ready, 1 one is not, or nobody runs, 2 wrong usage.
`;

/** `tripline status` */
export function statusCommand(io: Io, end: (code: number) => void): Command {
  return new Command('status')
    .description('one screen: what runs, how far behind it is, what it follows and where alerts go')
    .option(...CONFIG_FLAG)
    .option('--json', 'one JSON object a process')
    .addHelpText('after', HELP)
    .action(async (flags: StatusFlags) => {
      const answers = await askEach<StatusItem>(await runningPeers(flags, io), 'status');
      const style = styleFor(io.stdout, io.env);
      const texts = answers.map((item) =>
        flags.json === true ? JSON.stringify(statusJson(item)) : statusLines(item, Date.now(), style).join('\n'),
      );
      await io.stdout.write(texts.map((text) => `${text}\n`).join(''));
      if (answers.some((item) => !item.health.isReady)) end(EXIT.failed);
    });
}

/** Samples of a text in Prometheus' format by series, labels included. */
export function samplesOf(text: string): Map<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const at = line.lastIndexOf(' ');
      return [line.slice(0, at), Number(line.slice(at + 1))];
    }),
  );
}

interface Figures {
  readonly functions: number | null;
  readonly lag_seconds: number | null;
  readonly lag_records: number | null;
  readonly sources_followed: number | null;
  readonly invocations: number | null;
  readonly store_buffered_bytes: number | null;
}

/** null = this process does not do that. */
function figuresOf(metrics: string): Figures {
  const samples = [...samplesOf(metrics)];
  const named = (name: string) =>
    samples
      .filter(([series]) => series === `tripline_${name}` || series.startsWith(`tripline_${name}{`))
      .map(([, value]) => value);
  const sum = (name: string) => {
    const values = named(name);
    return values.length === 0 ? null : values.reduce((total, value) => total + value, 0);
  };
  const lags = named('detect_lag_seconds');
  return {
    functions: sum('detect_functions'),
    lag_seconds: lags.length === 0 ? null : Math.max(...lags),
    lag_records: sum('detect_lag_records'),
    sources_followed: sum('ingest_sources'),
    invocations: sum('detect_invocations_total'),
    store_buffered_bytes: sum('store_buffered_bytes'),
  };
}

function statusJson(item: StatusItem): object {
  const { metrics, health, startedMs, ...rest } = item;
  return {
    ...rest,
    started: new Date(startedMs).toISOString(),
    is_ready: health.isReady,
    is_alive: health.isAlive,
    reasons: health.reasons,
    components: health.components,
    ...figuresOf(metrics),
  };
}

export function statusLines(item: StatusItem, nowMs: number, style: Style): string[] {
  const { pid, name, version, file, startedMs, health, sources, listener = null, destinations, incidents } = item;
  const figures = figuresOf(item.metrics);
  const state = health.isReady ? style('ready', 'green') : style('not ready', 'red');
  const field = (label: string, text: string) => `  ${style(label.padEnd(13), 'dim')}${text}`;
  const roles = Object.entries(health.components).map(
    ([role, { status, reason }]) =>
      `${role} ${status === 'running' && reason === undefined ? 'ok' : style(`${status}${reason === undefined ? '' : ` (${harmless(reason)})`}`, 'red')}`,
  );
  const followed = `${count(sources)} configured, ${count(figures.sources_followed ?? 0)} followed`;
  const lag =
    figures.lag_seconds === null
      ? 'no data yet'
      : `${seconds(Math.max(0, figures.lag_seconds * 1000))} of event time, ${count(figures.lag_records ?? 0)} records`;
  return [
    `${style(name, 'bold')} (process ${pid}, version ${version}) ${state}, up ${seconds(nowMs - startedMs)}`,
    field('config', file === null ? 'defaults' : harmless(file)),
    field('roles', roles.join(', ')),
    ...health.reasons.map((reason) => field('', style(harmless(reason), 'yellow'))),
    ...(sources > 0 || listener === null ? [field('sources', followed)] : []),
    ...(listener === null ? [] : [field('listener', harmless(listener))]),
    field('behind', lag),
    field('functions', `${count(figures.functions ?? 0)}, ${count(figures.invocations ?? 0)} calls since the start`),
    field('incidents', incidents === 0 ? 'none open' : style(`${plural(incidents, 'open incident')}`, 'red')),
    field('destinations', destinations.length === 0 ? 'none' : destinations.map(harmless).join(', ')),
  ];
}
