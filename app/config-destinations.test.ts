import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseConfig } from './config.ts';
import { ConfigError } from './config-error.ts';
import { checkSecrets, type NetworkDestination, withSecrets } from './destination-secrets.ts';

const destinations = (lines: string, env = {}) =>
  parseConfig(`destinations:\n  - ${lines.trim().split('\n').join('\n    ')}\n`, 'c.yaml', env).live.destinations;

function problemsOf(lines: string, env = {}): string {
  try {
    for (const it of destinations(lines, env)) withSecrets(it as NetworkDestination);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return '';
}

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'destinations-'));
});
afterAll(() => rmSync(folder, { recursive: true }));
const fileWith = (text: string): string => {
  const path = join(folder, `${Math.random()}`);
  writeFileSync(path, text);
  return path;
};

const KEY = 'a1B2c3D4'.repeat(4);
const SIGNING = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const HOOK = 'https://hooks.slack.com/services/T0/B0/xyz';

describe('what is wrong is said with its line:', () => {
  test.each([
    ['type: slak', 'c.yaml:2: destinations.0.type: not one of stdout, file, slack, slack-bot, pagerduty, webhook, alertmanager'],
    ['type: slack', 'c.yaml:2: destinations.0.webhookUrl: give webhookUrl or webhookUrlFile, one of them'],
    [`type: slack\nwebhookUrl: ${HOOK}\nwebhookUrlFile: x`, 'c.yaml:3: destinations.0.webhookUrl: give webhookUrl or webhookUrlFile, one of them'],
    ['type: slack\nurl: https://x', 'c.yaml:2: destinations.0.webhookUrl: give webhookUrl or webhookUrlFile, one of them\nc.yaml:3: destinations.0.url: unknown key, did you mean webhookUrl?'],
    [`type: slack\nwebhookUrl: ${HOOK}\nchannel: C1`, 'c.yaml:4: destinations.0.channel: unknown key'],
    ['type: pagerduty\nkey: x', 'c.yaml:2: destinations.0.routingKey: give routingKey or routingKeyFile, one of them\nc.yaml:3: destinations.0.key: unknown key, did you mean routingKey?'],
    ['type: webhook\nwebhookUrl: https://x', 'c.yaml:2: destinations.0.url: give url or urlFile, one of them\nc.yaml:3: destinations.0.webhookUrl: unknown key'],
    [`type: slack\nwebhokUrl: ${HOOK}`, 'c.yaml:2: destinations.0.webhookUrl: give webhookUrl or webhookUrlFile, one of them\nc.yaml:3: destinations.0.webhokUrl: unknown key, did you mean webhookUrl?'],
    ['type: slack\nwebhookUrl: hooks.slack.com/x', 'c.yaml:3: destinations.0.webhookUrl: not a URL'],
    ['type: slack\nwebhookUrl: ftp://hooks.slack.com/x', 'c.yaml:3: destinations.0.webhookUrl: not a URL of https or http'],
    ['type: slack\nwebhookUrl: https://me:pw@hooks.slack.com/x', 'c.yaml:3: destinations.0.webhookUrl: a name or password does not belong into a URL: it would be shown in errors'],
    ['type: slack\nwebhookUrl: https://hooks.slack.com/x#y', 'c.yaml:3: destinations.0.webhookUrl: what stands behind # is never sent: leave it out'],
    ['type: slack\nwebhookUrl: http://hooks.slack.com/x', 'c.yaml:3: destinations.0.webhookUrl: use https: on the way to hooks.slack.com anybody could read along; for a host of your own, allow http by allowPrivate: ["hooks.slack.com"]'],
    ['type: webhook\nurl: https://0x7f.1/x', 'c.yaml:3: destinations.0.url: 127.0.0.1 is not a public address; if that is meant, allow it by name: allowPrivate: ["127.0.0.1"]'],
    ['type: webhook\nurl: https://x.example\nallowPrivate: ["http://x"]', 'c.yaml:4: destinations.0.allowPrivate.0: not the name of a host, without scheme, port and path'],
    ['type: webhook\nurl: https://x.example\nsecret: whsec_c2hvcnQ=', 'c.yaml:4: destinations.0.secret: not whsec_ and the base64 of 24 to 64 bytes; make one: echo whsec_$(openssl rand -base64 32)'],
    [`type: webhook\nurl: https://x.example\nsecrets: [${SIGNING}, other]`, 'c.yaml:4: destinations.0.secrets.1: not whsec_ and the base64 of 24 to 64 bytes; make one: echo whsec_$(openssl rand -base64 32)'],
    [`type: webhook\nurl: https://x.example\nsecret: ${SIGNING}\nsecretFile: x`, 'c.yaml:4: destinations.0.secret: give secret, secrets or secretFile, one of them'],
    ['type: webhook\nurl: https://x.example\nheaders:\n  Webhook-Id: x', 'c.yaml:5: destinations.0.headers.Webhook-Id: is set by us'],
    ['type: webhook\nurl: https://x.example\nheaders:\n  x-a: "b\\r\\nc: d"', 'c.yaml:5: destinations.0.headers.x-a: not the value of a header: printable ASCII, one line'],
    ['type: webhook\nurl: https://x.example\nformat: xml', expect.stringMatching(/^c\.yaml:4: destinations\.0\.format: invalid option: expected one of "json"\|"cloudevents"$/)],
    ['type: pagerduty\nroutingKey: short', 'c.yaml:3: destinations.0.routingKey: not a routing key of PagerDuty: 32 letters and digits'],
    ['type: slack-bot\ntoken: xoxb-1\nchannel: ops', 'c.yaml:4: destinations.0.channel: not the id of a channel, such as C0123456789, or #name'],
    ['type: alertmanager\nurl: https://am.example\nusername: me', 'c.yaml:2: destinations.0.password: give password or passwordFile, one of them'],
    ['type: alertmanager\nurl: https://am.example\npassword: x', 'c.yaml:2: destinations.0.username: whose password is it?'],
    ['type: pagerduty\nroutingKey: *anchor', 'c.yaml:3: an alias without its anchor; put a text that begins with * in quotes'],
  ])('%s', (lines, said) => {
    expect(problemsOf(lines)).toEqual(said);
  }); // biome-ignore format: a table
});

test('every kind, with nothing but what it needs', () => {
  const given = [
    `type: slack\nwebhookUrl: ${HOOK}`,
    'type: slack-bot\ntoken: xoxb-1-2\nchannel: C0123456789',
    `type: pagerduty\nroutingKey: ${KEY}`,
    'type: webhook\nurl: https://x.example/hook',
    'type: alertmanager\nurl: http://alertmanager:9093/\nallowPrivate: [alertmanager]',
  ].map((lines) => withSecrets(destinations(lines)[0] as NetworkDestination));
  expect(given).toMatchObject([
    { type: 'slack', name: 'slack', timeoutMs: 10_000, allowPrivate: [] },
    { type: 'slack-bot', name: 'slack-bot', baseUrl: 'https://slack.com/api', channel: 'C0123456789' },
    { type: 'pagerduty', name: 'pagerduty', baseUrl: 'https://events.pagerduty.com' },
    { type: 'webhook', name: 'webhook', secrets: [], format: 'json', headers: {} },
    { type: 'alertmanager', name: 'alertmanager', url: 'http://alertmanager:9093', auth: null, refreshMs: 60_000 },
  ]);
});

test('secrets come from the environment, or from files with whitespace around them', () => {
  const env = { HOOK };
  const [slack] = destinations('type: slack\nwebhookUrl: $'.concat('{HOOK}'), env);
  expect((withSecrets(slack as NetworkDestination) as { webhookUrl: unknown }).webhookUrl).toHaveProperty('reveal');
  const reveal = (lines: string, key: string) =>
    (withSecrets(destinations(lines)[0] as NetworkDestination) as never as Record<string, { reveal(): string }>)[key]?.reveal();
  expect(reveal(`type: slack\nwebhookUrlFile: ${fileWith(`${HOOK}\n`)}`, 'webhookUrl')).toBe(HOOK);
  expect(reveal(`type: pagerduty\nroutingKeyFile: ${fileWith(` ${KEY}\n`)}`, 'routingKey')).toBe(KEY);
  const signed = destinations(`type: webhook\nurl: https://x.example\nsecretFile: ${fileWith(`${SIGNING}\n${SIGNING}\n`)}`)[0];
  expect(withSecrets(signed as NetworkDestination)).toMatchObject({ secrets: [{}, {}] });
}); // biome-ignore format: as a line of the file

test('what is in a file keeps the same rules; the message names the file', () => {
  const wrong = fileWith('secret-but-wrong');
  expect(problemsOf(`type: pagerduty\nroutingKeyFile: ${wrong}`)).toBe(
    `destinations.pagerduty.routingKeyFile: ${wrong}: not a routing key of PagerDuty: 32 letters and digits`,
  );
  const empty = fileWith('\n');
  expect(problemsOf(`type: slack-bot\nchannel: C0123456789\ntokenFile: ${empty}`)).toBe(
    `destinations.slack-bot.tokenFile: ${empty}: is empty`,
  );
  expect(problemsOf('type: slack\nname: ops\nwebhookUrlFile: /nowhere/x')).toBe(
    'destinations.ops.webhookUrlFile: /nowhere/x: no such file',
  );
});

test('all that is wrong with secrets in files is said at once, and none is read where there is none', () => {
  const of = (name: string) => ({ ...destinations(`type: slack\nname: ${name}\nwebhookUrlFile: /nowhere/${name}`)[0]! });
  expect(() => checkSecrets([of('a'), { type: 'stdout', name: 'stdout' }, of('b')])).toThrow(
    new ConfigError(['a', 'b'].map((it) => `destinations.${it}.webhookUrlFile: /nowhere/${it}: no such file`)),
  );
  expect(() => checkSecrets([{ type: 'stdout', name: 'stdout' }])).not.toThrow();
}); // biome-ignore format: one line each

/** Places of secrets in the configuration, right and wrong ones. */
const PLACES: readonly ((secret: string) => string)[] = [
  (it) => `type: slack\nwebhookUrl: ${it}`,
  (it) => `type: slack\nwebhookUrl: https://hooks.slack.com/services/${it}`,
  (it) => `type: slack\nwebhookUrl: https://a:${it}@hooks.slack.com/x`,
  (it) => `type: slack\nwebhookUrl: [${it}]`,
  (it) => `type: slack\nwebhookUrl: ${it}\nwebhookUrlFile: x`,
  (it) => `type: slack-bot\nchannel: C0123456789\ntoken: ${it}`,
  (it) => `type: slack-bot\nchannel: wrong\ntoken: ${it}`,
  (it) => `type: pagerduty\nroutingKey: ${it}`,
  (it) => `type: pagerduty\nroutingKey: *${it}`,
  (it) => `type: pagerduty\nroutingKey: !${it} x`,
  (it) => `type: pagerduty\nroutingKey: "${it}" ${it}`,
  (it) => `type: pagerduty\nroutingKey: @${it}`,
  (it) => `type: pagerduty\nroutingKey: {${it}`,
  (it) => `type: webhook\nurl: https://x.example/?key=${it}\nsecret: ${it}`,
  (it) =>
    `type: webhook\nurl: https://x.example\nsecrets: ["${it}"]\nheaders: { authorization: "${it}", host: "${it}" }`,
  (it) => `type: alertmanager\nurl: https://am.example\nusername: a\npassword: ${it}\nbearerToken: ${it}`,
];

test('no secret is in any message, nor in what settings look like', async () => {
  const secrets = fc.string({ unit: fc.constantFrom(...'abcdefghijkmnopqrstuvwxyz0123456789'), minLength: 24, maxLength: 40 });
  await fc.assert(
    fc.property(secrets, fc.constantFrom(...PLACES), (secret, place) => {
      const lines = place(`s${secret}`);
      expect(problemsOf(lines)).not.toContain(secret);
      try {
        const [settings] = destinations(lines);
        const shown = [settings, withSecrets(settings as NetworkDestination)];
        expect(`${inspect(shown, { depth: 9, showHidden: true })} ${JSON.stringify(shown)}`).not.toContain(secret);
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error;
      }
    }),
    { numRuns: 300 },
  );
}); // biome-ignore format: as a line of the file
