import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Faults } from '../../infra/dev/front-faults.ts';
import type { Child, Processes } from './processes.ts';

const START_MS = 60_000;
const STOP_MS = 20_000;

/** What analysts read, and what a run is compared by. */
export const VIEWS = [
  'invocations',
  'function_minutes',
  'scores',
  'alert_events',
  'alerts',
  'alert_history',
  'functions',
  'coverage',
  'rejects',
  'runs',
] as const;

/** ClickHouse behind HTTP, in a process of its own, with faults to switch. */
export class ClickHouse {
  readonly url: string;
  readonly #process: Child;
  readonly #controlUrl: string;

  private constructor(child: Child, url: string, controlUrl: string) {
    this.#process = child;
    this.url = url;
    this.#controlUrl = controlUrl;
  }

  static async start(processes: Processes, root: string, dir: string): Promise<ClickHouse> {
    const data = join(dir, 'clickhouse');
    mkdirSync(data, { recursive: true });
    const child = processes.start({
      name: 'clickhouse',
      program: process.execPath,
      args: [join(root, 'dist/infra/dev/clickhouse-front.js'), '--dir', data],
      logFile: join(dir, 'clickhouse.log'),
    });
    const url = await child.said(/^CLICKHOUSE_URL=(\S+)$/m, START_MS);
    return new ClickHouse(child, url, await child.said(/^CONTROL_URL=(\S+)$/m, START_MS));
  }

  /** Changes what is named. Returns how many there were so far. */
  async setFaults(faults: Partial<Faults>): Promise<{ inserts: number; errors: number; ambiguous: number }> {
    const response = await fetch(`${this.#controlUrl}/faults`, { method: 'POST', body: JSON.stringify(faults) });
    if (!response.ok) throw new Error(`faults of clickhouse: ${await response.text()}`);
    return (await response.json()) as { inserts: number; errors: number; ambiguous: number };
  }

  /** The rows of an answer, tab-separated. */
  async rows(sql: string): Promise<string[]> {
    const response = await fetch(this.url, { method: 'POST', body: `${sql} FORMAT TabSeparated` });
    const text = await response.text();
    if (!response.ok) throw new Error(`${sql}: ${text}`);
    return text.split('\n').slice(0, -1);
  }

  async tables(): Promise<Map<string, string[]>> {
    const tables = new Map<string, string[]>();
    for (const view of VIEWS) tables.set(view, await this.rows(`SELECT * FROM ${view} ORDER BY ALL`));
    return tables;
  }

  async stop(): Promise<void> {
    await this.#process.end('SIGTERM', STOP_MS);
  }
}
