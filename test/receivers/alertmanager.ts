import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { objectIn, openReceiver } from './receiver.ts';

/** An alert as `GET /api/v2/alerts` tells it. */
export interface KnownAlert {
  readonly fingerprint: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly startsAt: string;
  readonly endsAt: string;
}

/** What Alertmanager told its own receiver: the alerts of one group. */
export interface GroupMessage {
  readonly status: 'firing' | 'resolved';
  readonly groupLabels: Readonly<Record<string, string>>;
  readonly alerts: readonly { readonly status: string; readonly labels: Readonly<Record<string, string>> }[];
}

export interface Alertmanager {
  readonly url: string;
  alerts(): Promise<KnownAlert[]>;
  /** what was told so far, oldest first */
  told(): readonly GroupMessage[];
  close(): Promise<void>;
}

const UP_MS = 20_000;
const POLL_MS = 50;

/** Waits until something holds. @throws {Error} naming it when it does not in time */
export async function until(what: string, holds: () => Promise<boolean> | boolean, withinMs = UP_MS): Promise<void> {
  const endMs = performance.now() + withinMs;
  while (!(await holds())) {
    if (performance.now() > endMs) throw new Error(`not within ${withinMs / 1000} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** Starts the program in ALERTMANAGER on a free port: it groups by function and tells a receiver of ours. */
export async function startAlertmanager(): Promise<Alertmanager> {
  const program = process.env.ALERTMANAGER;
  if (program === undefined) throw new Error('ALERTMANAGER is not set: run npm run test:alertmanager');
  const dir = await mkdtemp(join(tmpdir(), 'alertmanager-'));
  const receiver = await openReceiver(() => ({ status: 200 }));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  await writeFile(join(dir, 'alertmanager.yml'), configFor(receiver.url));
  const flags = {
    'config.file': join(dir, 'alertmanager.yml'),
    'storage.path': join(dir, 'data'),
    'web.listen-address': `127.0.0.1:${port}`,
    'cluster.listen-address': '',
  };
  const child = spawn(program, Object.entries(flags).map(([name, value]) => `--${name}=${value}`), { stdio: 'ignore' });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const close = async () => {
    child.kill('SIGKILL');
    await ended;
    await receiver.close();
    await rm(dir, { recursive: true, force: true });
  };
  try {
    await until('Alertmanager is ready', () => fetch(`${url}/-/ready`).then(({ ok }) => ok).catch(() => false));
  } catch (error) {
    await close();
    throw error;
  }
  return {
    url,
    alerts: async () => (await (await fetch(`${url}/api/v2/alerts`)).json()) as KnownAlert[],
    told: () => receiver.received.map(({ body }) => objectIn(body) as unknown as GroupMessage),
    close,
  };
} // biome-ignore format: one step a line

const configFor = (url: string): string => `
route:
  receiver: ours
  group_by: [function]
  group_wait: 500ms
  group_interval: 1s
receivers:
  - name: ours
    webhook_configs: [{ url: "${url}/", send_resolved: true }]
`;

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
