import type { Latencies } from './kafka-latency.ts';
import type { Measured } from './kafka-said.ts';
import { quantile } from './quantile.ts';

export interface Input {
  readonly file: string;
  readonly invocations: number;
  readonly functions: number;
  readonly bytes: number;
  readonly partitions: number;
}

const TITLES: Readonly<Record<string, string>> = {
  parse: 'parsing alone, fragments dropped',
  ingest: 'lines → parse, route, encode → acknowledged',
  memory: 'engines fed from memory, decoded blocks',
  '1 worker': 'one worker, from the broker to acknowledged verdicts',
  '2 worker': 'two workers, together',
  '4 worker': 'four workers, together',
  raw: 'peer: kafkajs consumer of the topic, counts bytes',
};

const grouped = (value: number): string => Math.round(value).toLocaleString('en-US');
const wallOf = ({ startMs, endMs }: Measured): number => endMs - startMs;
const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[(values.length - 1) >> 1]!;

/** What was measured of each candidate, run by run. */
export class Figures {
  records = 0;
  readonly #input: Input;
  readonly #tell: (line: string) => void;
  readonly #runs = new Map<string, Measured[]>();

  constructor(input: Input, tell: (line: string) => void) {
    this.#input = input;
    this.#tell = tell;
  }

  /** @throws when a candidate did not see every invocation */
  add(name: string, run: Measured): void {
    const { invocations } = this.#input;
    const isExact = name === 'memory' || name === '1 worker';
    if (isExact && run.counted !== invocations)
      throw new Error(`${name} saw ${run.counted} of ${invocations} invocations`);
    const fragments = this.#runs.get('parse')?.[0]?.counted ?? 0;
    if (name === 'ingest' && run.counted !== fragments)
      throw new Error(`ingest took ${run.counted} of ${fragments} fragments`);
    const runs = this.#runs.get(name) ?? [];
    runs.push(run);
    this.#runs.set(name, runs);
    this.#tell(
      `${(TITLES[name] ?? name).padEnd(54)} ${(wallOf(run) / 1000).toFixed(2)} s, processor ${(run.cpuMs / 1000).toFixed(2)} s`,
    );
  }

  text(conditions: string): string {
    const { invocations, functions, bytes, partitions } = this.#input;
    if (this.#runs.size === 0) return `${conditions}\n`;
    const rows = [['', 'inv/s best', 'median', 'CPU s', 'µs CPU/inv']];
    for (const [name, runs] of this.#runs) {
      const cpuMs = Math.min(...runs.map((run) => run.cpuMs));
      rows.push([
        TITLES[name] ?? `${name}s, together`,
        grouped((1000 * invocations) / Math.min(...runs.map(wallOf))),
        grouped((1000 * invocations) / median(runs.map(wallOf))),
        (cpuMs / 1000).toFixed(2),
        ((1000 * cpuMs) / invocations).toFixed(2),
      ]);
    }
    const fragments = this.#runs.get('parse')![0]!.counted;
    const topic = this.#runs.get('raw')![0]!.counted;
    return [
      `${grouped(invocations)} invocations of ${grouped(functions)} functions in one hour, ${(bytes / 1e9).toFixed(2)} GB of subscription lines, ${Math.round(bytes / invocations)} bytes an invocation;`,
      `on the topic ${grouped(fragments)} fragments in ${grouped(this.records)} records (${grouped(fragments / this.records)} a record), ${(topic / fragments).toFixed(1)} bytes a fragment, ${partitions} partitions.`,
      conditions,
      'Store none; snapshots at the default of 60 s, which these runs are shorter than: their cost is in bench:snapshot. Workers are timed from',
      'their first assignment, with joining and handing over; the fleet stage is in one of them. Processor time is without that of the broker.\n',
      tableOf(rows),
      `ratio_engine ${this.#ratio('1 worker', 'memory', wallOf)} (target 0.8), by processor time ${this.#ratio('1 worker', 'memory', cpuOf)}`,
      `ratio_ingest ${this.#ratio('ingest', 'parse', wallOf)} (target 0.6), by processor time ${this.#ratio('ingest', 'parse', cpuOf)}\n`,
    ].join('\n');
  }

  /** Of the best runs; null where one was not run. */
  #ratio(own: string, peer: string, of: (run: Measured) => number): number | null {
    const [ours, theirs] = [this.#runs.get(own), this.#runs.get(peer)];
    if (ours === undefined || theirs === undefined) return null;
    return Number((Math.min(...theirs.map(of)) / Math.min(...ours.map(of))).toFixed(3));
  }

  json(latencies: Latencies | null): Record<string, number | null> {
    return {
      ratio_engine: this.#ratio('1 worker', 'memory', wallOf),
      ratio_ingest: this.#ratio('ingest', 'parse', wallOf),
      latency_p99_ms: latencies === null ? null : quantile(latencies.latenciesMs, 0.99),
    };
  }
}

const cpuOf = ({ cpuMs }: Measured): number => cpuMs;

export function latencyText(latencies: Latencies, rate: number): string {
  const { latenciesMs, neededMs, bursts, heldRate, writerLateMs, others } = latencies;
  const spread = (values: readonly number[]) =>
    `p50 ${quantile(values, 0.5)} ms, p90 ${quantile(values, 0.9)} ms, p99 ${quantile(values, 0.99)} ms, most ${values.at(-1)} ms`;
  return [
    `\nevent to alert, ${grouped(heldRate)} of ${grouped(rate)} invocations/s held; ingest, detect and notify as processes, a web hook at the end:`,
    `  from the event that crossed the bar to the alert received: ${spread(latenciesMs)} (target p99 1,000 ms)`,
    `  before that, from the first event of a burst to the one that crossed the bar: ${spread(neededMs)}`,
    `  the writer, a process that does next to nothing, was kept waiting for its core up to ${writerLateMs} ms`,
    `  ${latenciesMs.length} of ${bursts} bursts noticed; ${others} alerts on functions that nothing was done to\n`,
  ].join('\n');
}

function tableOf(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const line = (row: readonly string[]) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  ');
  return `${rows.map(line).join('\n')}\n`;
}
