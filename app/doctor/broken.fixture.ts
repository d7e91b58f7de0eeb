import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { migrations } from '../../infra/store-migrations.ts';
import { parseConfig } from '../config.ts';
import { type Finding, runChecks } from './check.ts';
import { checksOf, withOneClock } from './doctor.ts';
import type { DoctorWorld } from './world.ts';

/** A machine that is busy with other tests is no broken set-up, ms. */
const PATIENT_MS = 60_000;

let dir = '';
let servers: { close(): unknown }[] = [];
/** The folder of the test, made by `begin`. */
export const folder = () => dir;

export function begin(): void {
  dir = mkdtempSync(join(tmpdir(), 'doctor-'));
}

export function end(): void {
  for (const server of servers) server.close();
  servers = [];
  rmSync(dir, { recursive: true, force: true });
}

export async function serve(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server: Server = createServer(answer);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A port that nobody listens on. */
export async function closedPort(): Promise<number> {
  const server = createTcp();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

interface Receivers {
  slack: { status: number; text: string };
  clickhouse: (sql: string, user: string, password: string) => { status: number; text: string };
}

const newest = migrations().at(-1)!.number;
const HEALTHY: Receivers = {
  slack: { status: 400, text: 'no_text' },
  clickhouse: (sql, user, password) => {
    if (user !== 'tripline' || password !== 's3cret')
      return { status: 403, text: 'Code: 516. DB::Exception: Authentication failed' };
    return { status: 200, text: sql.includes('version()') ? '25.8.1.1\n' : `${newest}\n` };
  },
};

/** A healthy installation whose parts can be broken one by one; its text is a config file. */
export async function healthy(broken: Partial<Receivers> = {}, skewMs = 0): Promise<Record<string, string>> {
  const { slack, clickhouse } = { ...HEALTHY, ...broken };
  const slackUrl = await serve((request, response) => {
    request.resume().on('end', () => response.writeHead(slack.status).end(slack.text));
  });
  const storeUrl = await serve((request, response) => {
    let sql = '';
    request.on('data', (chunk) => {
      sql += String(chunk);
    });
    request.on('end', () => {
      const { status, text } = clickhouse(
        sql,
        String(request.headers['x-clickhouse-user']),
        String(request.headers['x-clickhouse-key']),
      );
      response.setHeader('date', new Date(Date.now() - skewMs).toUTCString());
      response.writeHead(status).end(text);
    });
  });
  mkdirSync(join(dir, 'logs'), { recursive: true });
  writeFileSync(join(dir, 'logs', 'a.log'), '');
  return {
    sources: `[{files: ${dir}/logs}]`,
    bus: `{local: {dir: ${dir}/bus}}`,
    state: `${dir}/state`,
    store: `{url: "${storeUrl}", user: tripline, password: s3cret}`,
    destinations: `[{type: slack, webhookUrl: "${slackUrl}/services/T0/B0/abcdefSECRET", allowPrivate: ["127.0.0.1"]}]`,
    http: `{listen: "127.0.0.1:${await closedPort()}"}`,
  };
}

export const yamlOf = (config: Record<string, string>) =>
  Object.entries(config)
    .map(([key, value]) => `${key}: ${value}\n`)
    .join('');

export async function doctor(config: Record<string, string>, world: Partial<DoctorWorld> = {}): Promise<Finding[]> {
  const whole: DoctorWorld = {
    env: {},
    cwd: dir,
    nodeVersion: 'v20.20.0',
    nowMs: Date.now,
    running: [],
    isSending: false,
    freeBytes: () => 1e12,
    ...world,
  };
  const findings = withOneClock(
    await runChecks(checksOf(parseConfig(yamlOf(config), 'c.yaml'), 'c.yaml', whole), PATIENT_MS),
  );
  expect(JSON.stringify(findings)).not.toMatch(/s3cret|SECRET(?!_ACCESS_KEY)/);
  return findings;
}

export const troubles = (findings: readonly Finding[]) =>
  findings.filter(({ verdict }) => verdict === 'fail' || verdict === 'warn');

/** Exactly one thing is wrong, it is named rightly, and there is something to do about it. */
export function expectOnly(findings: readonly Finding[], what: string, message: RegExp, verdict = 'fail'): void {
  expect(troubles(findings)).toEqual([
    { what, verdict, message: expect.stringMatching(message), fix: expect.stringMatching(/.{10,}/) },
  ]);
}

/** A certificate for localhost, valid until then. */
export function certificate(name: string, days: number): { cert: string; key: string } {
  const [cert, key] = [join(dir, `${name}.pem`), join(dir, `${name}.key`)];
  const args = [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-subj',
    '/CN=localhost',
  ];
  execFileSync('openssl', [...args, '-days', String(days), '-keyout', key, '-out', cert], { stdio: 'ignore' });
  return { cert, key };
}
