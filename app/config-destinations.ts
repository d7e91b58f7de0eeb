import { resolve } from 'node:path';
import { z } from 'zod';
import { hostName } from '../alerts/sinks/address.ts';
import { Secret } from '../alerts/sinks/secret.ts';
import { milliseconds, text } from './config-shapes.ts';
import { basePath, headerProblem, keyProblem, secretProblem, urlProblem } from './destination-rules.ts';

const DestinationName = z.string().regex(/^[a-z0-9][a-z0-9-]{0,49}$/, 'lower-case letters, digits and dashes');

/** A value that no message may show; one in a file is `text`. */
const secret = (what: string) =>
  z
    .string('not a text')
    .min(1, 'is empty')
    .transform((value) => new Secret(value.trim()))
    .describe(what);

const common = (name: string) => ({
  name: DestinationName.default(name),
  timeoutMs: milliseconds(100, 120_000, 10_000, 'how long an answer may take'),
  allowPrivate: z
    .array(
      z.string().refine((host) => hostName(host) !== null, 'not the name of a host, without scheme, port and path'),
    )
    .default([])
    .describe('hosts that may have addresses that are not public, localhost too'),
});

/** A pair of options of which a destination has one. */
type Problem = readonly [key: string, message: string];
const oneOf = (given: Readonly<Record<string, unknown>>, key: string, isNeeded = true): Problem[] => {
  const count = [key, `${key}File`].filter((it) => given[it] !== undefined).length;
  return count > 1 || (isNeeded && count === 0) ? [[key, `give ${key} or ${key}File, one of them`]] : [];
};

/** What the schema of a kind cannot say: at its place. */
const rules = <T extends object>(find: (given: T) => readonly (Problem | null)[]) => (given: T, context: z.RefinementCtx) => {
  for (const problem of find(given)) {
    if (problem === null) continue;
    const [key, message] = problem;
    context.addIssue({ code: 'custom', path: key.split('.'), message });
  }
}; // biome-ignore format: one call

const about = (key: string, message: string | null): Problem | null => (message === null ? null : [key, message]);
const ifGiven = (key: string, value: Secret | undefined, rule: (value: string) => string | null): Problem | null =>
  value === undefined ? null : about(key, rule(value.reveal()));

const Slack = z
  .strictObject({
    type: z.literal('slack'),
    ...common('slack'),
    webhookUrl: secret('https://hooks.slack.com/services/…; whoever has it may write').optional(),
    webhookUrlFile: text('file that holds it').optional(),
  })
  .superRefine(
    rules((it) => [...oneOf(it, 'webhookUrl'), ifGiven('webhookUrl', it.webhookUrl, (url) => urlProblem(url, it))]),
  );

const SlackBot = z
  .strictObject({
    type: z.literal('slack-bot'),
    ...common('slack-bot'),
    token: secret('xoxb-…, with the scope chat:write, better channels:history too').optional(),
    tokenFile: text('file that holds it').optional(),
    channel: z
      .string()
      .regex(/^([CGD][A-Z0-9]{6,20}|#[^\s#@]{1,80})$/, 'not the id of a channel, such as C0123456789, or #name'),
    baseUrl: z.string().default('https://slack.com/api').transform(basePath).describe('another for GovSlack'),
  })
  .superRefine(rules((it) => [...oneOf(it, 'token'), about('baseUrl', urlProblem(it.baseUrl, it))]));

const PagerDuty = z
  .strictObject({
    type: z.literal('pagerduty'),
    ...common('pagerduty'),
    routingKey: secret('integration key of Events API v2, 32 characters').optional(),
    routingKeyFile: text('file that holds it').optional(),
    baseUrl: z
      .string()
      .default('https://events.pagerduty.com')
      .transform(basePath)
      .describe('https://events.eu.pagerduty.com for accounts in Europe'),
  })
  .superRefine(
    rules((it) => [
      ...oneOf(it, 'routingKey'),
      ifGiven('routingKey', it.routingKey, keyProblem),
      about('baseUrl', urlProblem(it.baseUrl, it)),
    ]),
  );

const Webhook = z
  .strictObject({
    type: z.literal('webhook'),
    ...common('webhook'),
    url: secret('where notices are posted').optional(),
    urlFile: text('file that holds it').optional(),
    secret: secret('whsec_…: signs by Standard Webhooks').optional(),
    secrets: z.array(secret('whsec_…')).min(1).optional().describe('several, while receivers change from one to the next; all of them sign'),
    secretFile: text('file that holds one, or several in lines').optional(),
    format: z.enum(['json', 'cloudevents']).default('json').describe('a notice as it is, or in an envelope of CloudEvents 1.0'),
    headers: z.record(z.string(), secret('value of a header')).default({}).describe('added to each request'),
  })
  .superRefine(rules((it) => [
    ...oneOf(it, 'url'),
    ifGiven('url', it.url, (url) => urlProblem(url, it)),
    [it.secret, it.secrets, it.secretFile].filter((given) => given !== undefined).length > 1
      ? ['secret', 'give secret, secrets or secretFile, one of them'] as const : null,
    ifGiven('secret', it.secret, secretProblem),
    ...(it.secrets ?? []).map((one, i) => ifGiven(`secrets.${i}`, one, secretProblem)),
    ...Object.entries(it.headers).map(([name, value]) => about(`headers.${name}`, headerProblem(name, value.reveal()))),
  ])); // biome-ignore format: one option a line reads as a table

const Alertmanager = z
  .strictObject({
    type: z.literal('alertmanager'),
    ...common('alertmanager'),
    url: z.string().transform(basePath).describe('such as https://alertmanager:9093, without /api/v2/alerts'),
    username: text('who we are').optional(),
    password: secret('better from the environment, or in a file').optional(),
    passwordFile: text('file that holds the password').optional(),
    bearerToken: secret('instead of a name and a password').optional(),
    bearerTokenFile: text('file that holds it').optional(),
    refreshMs: milliseconds(1000, 3_600_000, 60_000, 'how often open incidents are told again; they end four times as long after the last'),
  })
  .superRefine(rules((it) => [
    about('url', urlProblem(it.url, it)),
    ...oneOf(it, 'password', it.username !== undefined),
    ...oneOf(it, 'bearerToken', false),
    it.username === undefined && (it.password ?? it.passwordFile) !== undefined ? ['username', 'whose password is it?'] as const : null,
    it.username !== undefined && (it.bearerToken ?? it.bearerTokenFile) !== undefined
      ? ['bearerToken', 'give a name and a password, or a token'] as const : null,
  ])); // biome-ignore format: one option a line reads as a table

const Destination = z.discriminatedUnion(
  'type',
  [
    z.strictObject({ type: z.literal('stdout'), name: DestinationName.default('stdout') }),
    z.strictObject({ type: z.literal('file'), name: DestinationName.default('file'), path: text('NDJSON file to append to') }),
    Slack,
    SlackBot,
    PagerDuty,
    Webhook,
    Alertmanager,
  ],
  { error: (issue) => (issue.code === 'invalid_union' ? `not one of ${KINDS.join(', ')}` : undefined) },
); // biome-ignore format: one kind a line reads as a table
const KINDS = ['stdout', 'file', 'slack', 'slack-bot', 'pagerduty', 'webhook', 'alertmanager'];

export const Destinations = z.array(Destination).superRefine((destinations, context) => {
  const names = destinations.map(({ name }) => name);
  for (const [i, name] of names.entries())
    if (names.indexOf(name) < i)
      context.addIssue({ code: 'custom', path: [i, 'name'], message: `${name} is the name of a destination already` });
  const files = destinations.map((it) => (it.type === 'file' ? resolve(it.path) : null));
  for (const [i, file] of files.entries())
    if (file !== null && files.indexOf(file) < i)
      context.addIssue({ code: 'custom', path: [i, 'path'], message: 'is the file of a destination already' });
});

/** As in the config file, with its defaults: secrets that are in files are not read yet. */
export type DestinationSettings = z.infer<typeof Destination>;
