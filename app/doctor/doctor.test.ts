import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { file, tripline } from '../../test/captured-run.ts';
import { parseConfig } from '../config.ts';
import { begin, closedPort, doctor, end, expectOnly, folder, healthy, serve, troubles } from './broken.fixture.ts';
import { runChecks } from './check.ts';
import { checksOf } from './doctor.ts';

beforeEach(begin);
afterEach(end);

const isRoot = process.getuid?.() === 0;

describe('tripline doctor names what is broken, and that alone', () => {
  test('nothing', async () => {
    const findings = await doctor(await healthy());
    expect(troubles(findings)).toEqual([]);
    expect(findings.map(({ what }) => what)).toEqual(
      expect.arrayContaining([
        'node',
        'config',
        'source 1',
        'bus',
        'store',
        'state',
        'destination slack',
        'http',
        'clock',
      ]),
    );
  });

  test('the clock is ten minutes ahead', async () => {
    expectOnly(await doctor(await healthy({}, 600_000)), 'clock', /600 s ahead of ClickHouse|599 s ahead|601 s ahead/);
  });

  test('the clock is a minute behind: worth a look', async () => {
    expectOnly(await doctor(await healthy({}, -60_000)), 'clock', /(59|60|61) s behind ClickHouse/, 'warn');
  });

  test('ClickHouse does not take the password', async () => {
    const config = await healthy();
    const store = config.store!.replace('s3cret', 'other');
    expectOnly(await doctor({ ...config, store }), 'store', /does not take user tripline with this password/);
  });

  test('ClickHouse is down', async () => {
    const store = `{url: "http://127.0.0.1:${await closedPort()}", user: tripline, password: s3cret}`;
    expectOnly(await doctor({ ...(await healthy()), store }), 'store', /nobody listens there/);
  });

  test('ClickHouse has no tables yet', async () => {
    const clickhouse = (sql: string) =>
      sql.includes('version()')
        ? { status: 200, text: '25.8.1.1\n' }
        : { status: 404, text: 'Code: 81. DB::Exception: Database tripline does not exist' };
    expectOnly(await doctor(await healthy({ clickhouse })), 'store', /no tables in database tripline yet/, 'warn');
  });

  test('the web hook of Slack was revoked', async () => {
    expectOnly(
      await doctor(await healthy({ slack: { status: 404, text: 'no_service' } })),
      'destination slack',
      /404 no_service: the web hook is not, or no longer, there/,
    );
  });

  test('the host of Slack does not exist', async () => {
    const destinations = '[{type: slack, webhookUrl: "https://hooks.slack.invalid/services/T0/B0/SECRET"}]';
    expectOnly(
      await doctor({ ...(await healthy()), destinations }),
      'destination slack',
      /no such host|cannot be resolved/,
    );
  });

  test('the address of a destination is private by its name', async () => {
    const destinations = '[{type: webhook, url: "https://localhost/hook-SECRET"}]';
    expectOnly(await doctor({ ...(await healthy()), destinations }), 'destination webhook', /not public/);
  });

  test('the key of PagerDuty in a file has the wrong form', async () => {
    writeFileSync(join(folder(), 'key'), 'too-short-SECRET\n');
    const destinations = `[{type: pagerduty, routingKeyFile: ${folder()}/key}]`;
    expectOnly(
      await doctor({ ...(await healthy()), destinations }),
      'destination pagerduty',
      /routingKeyFile.*not a routing key of PagerDuty/,
    );
  });

  test('a port is taken', async () => {
    const taken = new URL(await serve(() => {})).host;
    expectOnly(
      await doctor({ ...(await healthy()), http: `{listen: "${taken}"}` }),
      'http',
      /another program has this port/,
    );
  });

  test('the disk is full', async () => {
    const config = await healthy();
    const findings = await doctor(config, { freeBytes: (of) => (of.startsWith(folder()) ? 5e6 : 1e12) });
    expect(troubles(findings).map(({ what }) => what)).toEqual(['bus', 'state']);
    expect(troubles(findings)[0]).toMatchObject({
      verdict: 'fail',
      message: expect.stringContaining('the disk is full'),
    });
  });

  (isRoot ? test.skip : test)('the state folder is read-only', async () => {
    mkdirSync(join(folder(), 'locked'));
    chmodSync(join(folder(), 'locked'), 0o500);
    expectOnly(await doctor({ ...(await healthy()), state: `${folder()}/locked` }), 'state', /may not write/);
  });

  test('the state folder is a file', async () => {
    writeFileSync(join(folder(), 'file'), '');
    expectOnly(await doctor({ ...(await healthy()), state: `${folder()}/file` }), 'state', /it is a file/);
  });

  test('another process has the bus', async () => {
    mkdirSync(join(folder(), 'bus', 'alerts', '000'), { recursive: true });
    const lock = `writer~another-host~77~1.lock`;
    writeFileSync(join(folder(), 'bus', 'alerts', '000', lock), '');
    expectOnly(await doctor(await healthy()), 'bus', /belongs to process 77 on host another-host/, 'warn');
  });

  test('Node is too old', async () => {
    expectOnly(await doctor(await healthy(), { nodeVersion: 'v18.20.1' }), 'node', /v18.20.1 is too old/);
  });

  test('a source finds no file', async () => {
    expectOnly(
      await doctor({ ...(await healthy()), sources: `[{files: ${folder()}/none/*.log}]` }),
      'source 1',
      /no file is there yet/,
      'warn',
    );
  });

  test('Alertmanager is known by what it says, not by a 200', async () => {
    const asked = async (text: string) => {
      const url = await serve((request, response) => void request.resume().on('end', () => response.end(text)));
      const destinations = `[{type: alertmanager, url: "${url}", allowPrivate: ["127.0.0.1"]}]`;
      return await doctor({ ...(await healthy()), destinations });
    };
    expect(troubles(await asked('{"cluster":{},"versionInfo":{"version":"0.28.0"},"uptime":"x"}'))).toEqual([]);
    expectOnly(await asked('<html>Log in</html>'), 'destination alertmanager', /not what Alertmanager does/, 'warn');
  });

  test('a variable that is not set is told with what sets it', async () => {
    const config = file('c.yaml', `store: \${SOME_FOLDER}\n`);
    const { code, out } = await tripline(['doctor', '--config', config, '--json']);
    expect(code).toBe(1);
    expect(out).toContain('environment variable SOME_FOLDER is not set');
    expect(out).toContain('export SOME_FOLDER=…');
  });

  test('Kafka is down', async () => {
    const bus = `kafka://127.0.0.1:${await closedPort()}`;
    expectOnly(await doctor({ ...(await healthy()), bus }), 'kafka', /127\.0\.0\.1:\d+/);
  });

  test('what does not answer is given up', async () => {
    const url = await serve(() => {}); // takes the request and says nothing
    const checks = checksOf(parseConfig(`store: {url: "${url}"}\n`, 'c.yaml'), null, {
      env: {},
      cwd: folder(),
      nodeVersion: 'v20.20.0',
      nowMs: Date.now,
      running: [],
      isSending: false,
    }).filter(({ what }) => what === 'store');
    expect(await runChecks(checks, 50)).toEqual([
      expect.objectContaining({ what: 'store', verdict: 'fail', message: 'no answer within 0.05 s' }),
    ]);
  });
});
