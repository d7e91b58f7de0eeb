import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { z } from 'zod';
import { LIVE_SHAPE } from '../../app/config-live.ts';
import { createMetrics } from '../metrics.ts';
import { boardsOf, type Panel, ROOT, targetsOf } from './dashboards.fixture.ts';

const text = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const yaml = (path: string): unknown => parse(text(path), { merge: true });

interface Service {
  readonly image: string;
  readonly command?: readonly string[];
  readonly restart: string;
  readonly cap_drop: readonly string[];
  readonly security_opt: readonly string[];
  readonly read_only?: boolean;
  readonly init?: boolean;
  readonly stop_grace_period?: string;
  readonly ports?: readonly string[];
  readonly networks: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly healthcheck?: { readonly test?: readonly string[]; readonly disable?: boolean };
  readonly deploy: { readonly replicas?: number; readonly resources: { readonly limits: Record<string, unknown> } };
}
const compose = yaml('docker-compose.yml') as { services: Record<string, Service>; secrets: Record<string, object> };
const services = Object.entries(compose.services).map(([name, service]) => ({ name, ...service }));
const ROLES = ['setup', 'ingest', 'detect', 'notify'];

describe('docker-compose.yml', () => {
  test.each(services)('$name is bounded, unprivileged, logged and looked after', ({ name, ...service }) => {
    expect(service.cap_drop).toEqual(['ALL']);
    expect(service.security_opt).toEqual(['no-new-privileges:true']);
    expect(service.restart).toMatch(/^(unless-stopped|on-failure:\d+)$/);
    expect(new Set(Object.keys(service.deploy.resources.limits))).toEqual(new Set(['cpus', 'memory', 'pids']));
    expect(service.image).toMatch(/:[\w.-]*(\d+\.\d+|local\})/);
    for (const port of service.ports ?? []) expect(port).toMatch(/^127\.0\.0\.1:/);
    for (const [key, value] of Object.entries(service.environment ?? {}))
      if (/PASSWORD|SECRET/.test(key)) expect(value).toMatch(/^\/run\/secrets\//);
    // the roles have the check of the Dockerfile; setup ends
    if (name === 'setup') expect(service.healthcheck).toEqual({ disable: true });
    else if (!ROLES.includes(name)) expect(service.healthcheck?.test).toBeDefined();
  });

  test('the roles run as the image says, read-only, with time to save', () => {
    for (const role of ROLES) {
      const { command, read_only, init, stop_grace_period } = compose.services[role]!;
      expect(command).toEqual([role, '--config', '/etc/tripline/tripline.yaml']);
      expect({ read_only, init, stop_grace_period }).toEqual({ read_only: true, init: true, stop_grace_period: '60s' });
    }
    expect(compose.services['detect']?.deploy.replicas).toBe(2);
  });

  test('what need not talk to each other has no network in common', () => {
    const networks = (name: string) => compose.services[name]!.networks;
    const meet = (a: string, b: string) => networks(a).some((network) => networks(b).includes(network));
    for (const [
      a,
      b,
    ] of [['grafana', 'kafka'], ['prometheus', 'kafka'], ['prometheus', 'clickhouse'], ['ingest', 'clickhouse']] as const) // biome-ignore format: one line
      expect([a, b, meet(a, b)]).toEqual([a, b, false]);
    for (const [
      a,
      b,
    ] of [['detect', 'kafka'], ['detect', 'clickhouse'], ['setup', 'kafka'], ['setup', 'clickhouse'], ['grafana', 'clickhouse'], ['prometheus', 'detect']] as const) // biome-ignore format: one line
      expect([a, b, meet(a, b)]).toEqual([a, b, true]);
  });

  test('Prometheus asks the roles where they listen', () => {
    const { scrape_configs } = yaml('infra/deploy/prometheus/prometheus.yml') as {
      scrape_configs: { dns_sd_configs: { names: string[]; port: number }[] }[];
    };
    const { names, port } = scrape_configs[0]!.dns_sd_configs[0]!;
    expect(names).toEqual(ROLES.filter((role) => role !== 'setup'));
    const { http } = yaml('infra/deploy/compose/tripline.yaml') as { http: { listen: string } };
    expect(http.listen).toBe(`0.0.0.0:${port}`);
    expect(text('Dockerfile')).toContain(`http://127.0.0.1:${port}/healthz`);
  });
});

test('the image is of one Node, which is not older than what the program needs', () => {
  const bases = text('Dockerfile').match(/^FROM \S+/gm)!;
  expect(new Set(bases).size).toBe(1);
  expect(bases[0]).toMatch(/^FROM node:(2[2-9])\.\d+\.\d+-bookworm-slim$/);
});

test.each(['infra/deploy/compose/tripline.yaml', 'infra/deploy/kubernetes/base/tripline.yaml'])(
  '%s is a configuration, and its volumes and secrets lie where they are mounted',
  (path) => {
    const { store, ...live } = yaml(path) as { store: Record<string, string> };
    const config = z.strictObject(LIVE_SHAPE).parse(live);
    expect(config.state).toMatch(/^\/var\/lib\/tripline\//);
    expect(config.bus.kafka?.brokers).toHaveLength(1);
    expect(new Set(Object.keys(store))).toEqual(new Set(['database', 'passwordFile', 'url', 'user']));
    const mounted = path.includes('compose') ? '/run/secrets/' : '/etc/tripline/secrets/';
    expect(store['passwordFile']?.startsWith(mounted)).toBe(true);
    const secrets = path.includes('compose') ? Object.keys(compose.secrets) : ['clickhouse-password'];
    expect(secrets).toContain(store['passwordFile']?.slice(mounted.length));
  },
);

describe('secrets.sh', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tripline-secrets-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const run = () => execFileSync('bash', [join(ROOT, 'infra/deploy/compose/secrets.sh'), folder], { encoding: 'utf8' });
  const read = (name: string) => readFileSync(join(folder, name), 'utf8');

  test('makes what the Compose file mounts: different each, out of reach of others, only hashes for ClickHouse', () => {
    const said = run();
    const mounted = Object.keys(compose.secrets).map((name) => name.replace('users', 'users.xml'));
    expect(new Set(readdirSync(folder))).toEqual(new Set(mounted));
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    const passwords = ['clickhouse_password', 'grafana_admin_password', 'grafana_clickhouse_password'].map(read);
    expect(new Set(passwords).size).toBe(3);
    for (const password of passwords) {
      expect(password).toMatch(/^[\w-]{32}$/);
      expect(said + read('clickhouse_users.xml')).not.toContain(password);
    }
    const hash = createHash('sha256').update(passwords[0]!).digest('hex');
    expect(read('clickhouse_users.xml')).toContain(`<password_sha256_hex>${hash}</password_sha256_hex>`);
  });

  test('changes no password when it runs again', () => {
    run();
    const before = read('clickhouse_users.xml');
    run();
    expect(read('clickhouse_users.xml')).toBe(before);
    chmodSync(join(folder, 'clickhouse_password'), 0o600);
    writeFileSync(join(folder, 'clickhouse_password'), 'one of my own');
    run();
    expect(read('clickhouse_password')).toBe('one of my own');
    expect(read('clickhouse_users.xml')).not.toBe(before);
  });

  test('its folder is neither committed nor sent to the build', () => {
    expect(text('.gitignore').split('\n')).toContain('/.secrets/');
    expect(text('.dockerignore')).toMatch(/^(#.*\n)*\*\n/);
    expect(text('.dockerignore')).not.toContain('!.secrets');
  });
});

describe('names in queries exist', () => {
  const known = new Set(
    createMetrics()
      .names()
      .flatMap((name) => [name, `${name}_bucket`, `${name}_sum`, `${name}_count`]),
  );
  const unknown = (expression: string) =>
    (expression.match(/\b(?:tripline|process|nodejs)_\w+/g) ?? []).filter((name) => !known.has(name));
  const rules = yaml('infra/deploy/prometheus/alerts.yml') as {
    groups: { rules: { alert: string; expr: string; labels: { severity: string }; annotations: object }[] }[];
  };

  test.each(rules.groups.flatMap((group) => group.rules))('alert $alert', ({ expr, labels, annotations }) => {
    expect(expr).toMatch(/tripline/);
    expect(unknown(expr.replace(/job="tripline"/g, ''))).toEqual([]);
    expect(['critical', 'warning']).toContain(labels.severity);
    expect(Object.keys(annotations)).toEqual(['summary', 'description']);
  });

  test.each(boardsOf('prometheus'))('dashboard $title', ({ panels }) => {
    const expressions = panels.flatMap(({ targets = [] }) => targets.map(({ expr = '' }) => expr));
    expect(expressions.length).toBeGreaterThan(20);
    for (const expression of expressions) expect([expression, unknown(expression)]).toEqual([expression, []]);
  });

  test('every metric of ours is on the dashboard', () => {
    const shown = boardsOf('prometheus')
      .flatMap(({ panels }) => panels.flatMap(targetsOf))
      .join(' ');
    const ours = createMetrics()
      .names()
      .filter((name) => name.startsWith('tripline_'));
    expect(ours.filter((name) => !shown.includes(name))).toEqual([]);
  });

  test.each(boardsOf('grafana-clickhouse-datasource'))('dashboard $title asks views that are documented', ({ panels }) => {
    const documented = new Set([...text('docs/tables.md').matchAll(/^## (.*)$/gm)].flatMap(([, title = '']) => title.match(/(?<=`)\w+(?=`)/g) ?? []));
    const asked = panels.flatMap(targetsOf).flatMap((sql) => [...sql.matchAll(/\b(?:FROM|JOIN)\s+(\w+)/g)].map(([, name]) => name));
    expect(asked.length).toBeGreaterThan(10);
    expect(asked.filter((name) => !documented.has(name ?? ''))).toEqual([]);
  }); // biome-ignore format: one query a line
});

describe('dashboards', () => {
  const provisioned = yaml('infra/deploy/compose/grafana/datasources/tripline.yaml') as {
    datasources: { uid: string; type: string }[];
  };
  const sources = provisioned.datasources.map(({ uid, type }) => `${type} ${uid}`);

  test.each(boardsOf())('$title: panels have a place, a reason and a source that is provisioned', ({ panels }) => {
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    for (const panel of panels) {
      if (panel.type === 'row') continue;
      expect(panel.description).toMatch(/.{5,}/);
      for (const { type, uid } of [panel.datasource!, ...panel.targets!.map((target) => target.datasource)])
        expect(sources).toContain(`${type} ${uid}`);
    }
    expect(overlapping(panels)).toEqual([]);
  });
});

function overlapping(panels: readonly Panel[]): string[] {
  const cells = new Map<string, string>();
  const clashes: string[] = [];
  for (const { title, gridPos } of panels) {
    expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++)
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
        const other = cells.get(`${x} ${y}`);
        if (other !== undefined) clashes.push(`${title} on ${other}`);
        cells.set(`${x} ${y}`, title);
      }
  }
  return [...new Set(clashes)];
}
