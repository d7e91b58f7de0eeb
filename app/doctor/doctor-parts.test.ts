import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { BusError } from '../../infra/bus.ts';
import { tripline } from '../../test/captured-run.ts';
import { parseConfig } from '../config.ts';
import {
  begin,
  certificate,
  doctor,
  end,
  expectOnly,
  folder,
  healthy,
  serve,
  troubles,
  yamlOf,
} from './broken.fixture.ts';
import { type Finding, runChecks } from './check.ts';
import { kafkaCheck } from './kafka.ts';

beforeEach(begin);
afterEach(end);

describe('Kafka', () => {
  const { kafka } = parseConfig('bus: {kafka: {brokers: ["b:9092"], topics: {partitions: 4, sources: 4}}}', 'c.yaml')
    .live.bus;
  const right = { fragments: 4, verdicts: 1, alerts: 1, rejects: 1, sources: 4, notices: 1 };
  const look = (find: Parameters<typeof kafkaCheck>[1]) => runChecks([kafkaCheck(kafka!, find)]);

  test('has what it should', async () => {
    expect(troubles(await look(async () => right))).toEqual([]);
  });

  test('lacks topics', async () => {
    expectOnly(
      await look(async () => ({ ...right, verdicts: null, alerts: null })),
      'kafka',
      /topics are missing: tripline.verdicts, tripline.alerts/,
    );
  });

  test('has other partitions than the config says', async () => {
    expectOnly(
      await look(async () => ({ ...right, fragments: 8 })),
      'kafka',
      /tripline.fragments has 8 partitions, the config says 4/,
      'warn',
    );
  });

  test('refuses the password', async () => {
    const find = async () => {
      throw new BusError('REFUSED', 'looking at the topics (Kafka at b:9092): SASL_AUTHENTICATION_FAILED');
    };
    const [finding] = await look(find);
    expect(finding).toMatchObject({ verdict: 'fail', fix: expect.stringContaining('bus.kafka.sasl') });
  });
});

describe('the certificate of the listener', () => {
  const findingsOf = async (files: { cert: string; key: string }, nowMs = Date.now()) => {
    const { certificateCheck } = await import('./machine.ts');
    const world = { env: {}, cwd: folder(), nodeVersion: 'v20', running: [], isSending: false, nowMs: () => nowMs };
    return runChecks([certificateCheck('listen tls', files, world)]);
  };
  const DAY_MS = 24 * 3600 * 1000;

  test('is fine, ends soon, has ended, is of another key', async () => {
    const [a, b] = [certificate('a', 30), certificate('b', 30)];
    expect(troubles(await findingsOf(a))).toEqual([]);
    expectOnly(
      await findingsOf(a, Date.now() + 20 * DAY_MS),
      'listen tls',
      /expires in 9 days|expires in 10 days/,
      'warn',
    );
    expectOnly(await findingsOf(a, Date.now() + 40 * DAY_MS), 'listen tls', /expired on/);
    expectOnly(await findingsOf({ cert: a.cert, key: b.key }), 'listen tls', /is not the key of/);
    expectOnly(await findingsOf({ cert: join(folder(), 'none.pem'), key: a.key }), 'listen tls', /no such file/);
  });
});

describe('the command', () => {
  test('a config with mistakes is the finding, each with its line; exit code 1', async () => {
    const config = join(folder(), 'c.yaml');
    writeFileSync(config, `bogus: 1\nstate: ${folder()}/state\ndestinations: [{type: pagerduty, routingKey: short}]\n`);
    const { code, out } = await tripline(['doctor', '--config', config]);
    expect(code).toBe(1);
    expect(out).toContain('c.yaml:1: bogus: unknown key');
    expect(out).toContain('c.yaml:3: destinations.0.routingKey: not a routing key of PagerDuty');
    writeFileSync(config, `state: ${folder()}/state\nstore: "\${NOT_SET_HERE}"\n`);
    expect((await tripline(['doctor', '--config', config])).out).toContain(
      'environment variable NOT_SET_HERE is not set',
    );
  });

  test('a healthy installation: 0, and one JSON object a finding', async () => {
    const config = join(folder(), 'c.yaml');
    writeFileSync(config, yamlOf(await healthy()));
    const { code, out } = await tripline(['doctor', '--config', config, '--json']);
    expect(
      out
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as Finding).verdict),
    ).not.toContain('fail');
    expect(code).toBe(0);
  });
});

describe('with --send', () => {
  test('each destination takes a test notice and its end', async () => {
    const seen: { status: string }[] = [];
    const url = await serve((request, response) => {
      let body = '';
      request.on('data', (chunk) => {
        body += String(chunk);
      });
      request.on('end', () => {
        if (request.method === 'POST') seen.push(JSON.parse(body) as { status: string });
        response.writeHead(204).end();
      });
    });
    const destinations = `[{type: webhook, url: "${url}/hook-SECRET", allowPrivate: ["127.0.0.1"]}]`;
    const findings = await doctor({ ...(await healthy()), destinations }, { isSending: true });
    expect(troubles(findings)).toEqual([]);
    expect(seen).toEqual([
      expect.objectContaining({ status: 'open' }),
      expect.objectContaining({ status: 'resolved' }),
    ]);
    await doctor({ ...(await healthy()), destinations });
    expect(seen).toHaveLength(2);
  });
});
