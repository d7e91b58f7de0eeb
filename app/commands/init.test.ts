import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { tripline } from '../../test/captured-run.ts';
import { parseConfig } from '../config.ts';
import { answersOf, type InitFlags } from '../init/answers.ts';
import { configText, variablesOf } from '../init/write.ts';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'init-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const ENV = {
  SLACK_WEBHOOK_URL: 'https://hooks.slack.com/services/T0/B0/x',
  SLACK_BOT_TOKEN: 'xoxb-1',
  PAGERDUTY_KEY: 'a'.repeat(32),
  HOOK_URL: 'https://example.com/hook',
  FIREHOSE_ACCESS_KEY: 'k',
};
const SOURCES: Readonly<Record<string, readonly string[]>> = {
  cloudwatch: ['--cloudwatch', '--region', 'eu-west-1', '--prefix', '/aws/lambda/'],
  'cloudwatch of AWS_REGION': ['--cloudwatch'],
  'cloudwatch of another account': [
    '--cloudwatch',
    '--region',
    'eu-west-1',
    'us-east-1',
    '--role-arn',
    'arn:aws:iam::123456789012:role/tripline',
  ],
  firehose: ['--firehose'],
  'firehose from outside': ['--firehose', '--listen', '0.0.0.0:8443'],
  files: ['--files', './logs/**/*.log', '--log-group', '/aws/lambda/pay'],
  'standard input': ['--stdin'],
};
const DESTINATIONS: Readonly<Record<string, readonly string[]>> = {
  slack: ['--slack-webhook-env', 'SLACK_WEBHOOK_URL'],
  'slack-bot': ['--slack-token-env', 'SLACK_BOT_TOKEN', '--slack-channel', '#alerts'],
  pagerduty: ['--pagerduty-key-env', 'PAGERDUTY_KEY'],
  webhook: ['--webhook-url-env', 'HOOK_URL'],
  terminal: ['--terminal'],
  all: [
    '--slack-webhook-env',
    'SLACK_WEBHOOK_URL',
    '--pagerduty-key-env',
    'PAGERDUTY_KEY',
    '--webhook-url-env',
    'HOOK_URL',
    '--terminal',
  ],
};
const STORES = [[], ['--store', 'https://clickhouse:8443'], ['--store', 'none']];

describe('tripline init', () => {
  for (const [source, sourceFlags] of Object.entries(SOURCES)) {
    test(`${source}: what it writes passes tripline check, with every destination and store, and holds no secret`, async () => {
      for (const destinationFlags of Object.values(DESTINATIONS)) {
        for (const storeFlags of STORES) {
          const out = join(dir, 'c.yaml');
          const ran = await tripline([
            'init',
            '--yes',
            '--force',
            '--out',
            out,
            ...sourceFlags,
            ...destinationFlags,
            ...storeFlags,
          ]);
          expect(ran).toMatchObject({ code: 0, err: '' });
          expect(await tripline(['check', out], { env: ENV })).toMatchObject({ code: 0, out: 'ok\n' });
          const written = readFileSync(out, 'utf8');
          for (const secret of Object.values(ENV).filter((it) => it.length > 1)) expect(written).not.toContain(secret);
          expect(ran.out).toMatch(/tripline doctor --config .*\n {2}.*tripline run/);
        }
      }
    });
  }

  test("the file is its owner's, is not overwritten without --force, and carries what was said", async () => {
    const out = join(dir, 'tripline.yaml');
    const flags = [
      '--files',
      './logs/',
      '--pages-per-week',
      '3',
      '--time-zone',
      'Europe/Berlin',
      '--yes',
      '--out',
      out,
    ];
    expect(await tripline(['init', ...flags])).toMatchObject({ code: 0 });
    expect(statSync(out).mode & 0o777).toBe(0o600);
    const config = parseConfig(readFileSync(out, 'utf8'), out);
    expect(config).toMatchObject({ settings: { timeZone: 'Europe/Berlin' }, paging: { pagesPerWeek: 3 } });
    writeFileSync(out, 'mine');
    expect(await tripline(['init', ...flags])).toMatchObject({ code: 2, err: expect.stringContaining('--force') });
    expect(readFileSync(out, 'utf8')).toBe('mine');
  });

  test('without a terminal and without flags it names the flags; a secret in the place of a name is refused and not repeated', async () => {
    const out = join(dir, 'c.yaml');
    expect(await tripline(['init', '--out', out])).toMatchObject({
      code: 2,
      err: expect.stringContaining('--cloudwatch, --firehose, --files PATTERN, --stdin'),
    });
    const pasted = await tripline([
      'init',
      '--stdin',
      '--yes',
      '--out',
      out,
      '--slack-webhook-env',
      ENV.SLACK_WEBHOOK_URL,
    ]);
    expect(pasted).toMatchObject({ code: 2, err: expect.stringContaining('environment variable') });
    expect(pasted.err).not.toContain('hooks.slack.com');
    expect(await tripline(['init', '--stdin', '--files', 'x', '--yes'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('name one place'),
    });
    expect(await tripline(['init', '--stdin', '--time-zone', 'Mars/X', '--yes', '--out', out])).toMatchObject({
      code: 2,
      err: expect.stringContaining('time zone'),
    });
  });

  test('a person is asked what the flags do not say', async () => {
    const asked: string[] = [];
    const answers: Record<string, string> = {
      'Where are your logs': '3',
      Files: './a.log, ./b.log',
      'Where should alerts go': 'slack-bot',
      Channel: '#ops',
      Time: 'UTC',
    };
    const ask = async (question: string, fallback: string) => {
      asked.push(question);
      return Object.entries(answers).find(([begin]) => question.startsWith(begin))?.[1] ?? fallback;
    };
    const flags: InitFlags = { pagesPerWeek: 2 };
    const all = await answersOf(flags, ask, 'Europe/Berlin');
    expect(all).toEqual({
      source: { kind: 'files', files: ['./a.log', './b.log'], logGroup: null },
      destinations: [{ kind: 'slack-bot', env: 'SLACK_BOT_TOKEN', channel: '#ops' }],
      store: './.tripline',
      pagesPerWeek: 2,
      timeZone: 'UTC',
    });
    expect(asked.join('\n')).not.toContain('a week');
    expect(variablesOf(all)).toEqual(['SLACK_BOT_TOKEN']);
    expect(() => parseConfig(configText(all), 'c.yaml', { SLACK_BOT_TOKEN: 'xoxb-1' })).not.toThrow();
  });
});
