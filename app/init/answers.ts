import { UsageError } from '../io.ts';

/** Where the logs are. */
export type SourceAnswer =
  | {
      readonly kind: 'cloudwatch';
      readonly regions: readonly string[];
      readonly prefix: string;
      readonly roleArn: string | null;
    }
  | { readonly kind: 'firehose'; readonly address: string; readonly keyEnv: string }
  | { readonly kind: 'files'; readonly files: readonly string[]; readonly logGroup: string | null }
  | { readonly kind: 'stdin' };

/** Where alerts go. Secrets are named by the environment variable that holds them, never written. */
export type DestinationAnswer =
  | { readonly kind: 'slack'; readonly env: string }
  | { readonly kind: 'slack-bot'; readonly env: string; readonly channel: string }
  | { readonly kind: 'pagerduty'; readonly env: string }
  | { readonly kind: 'webhook'; readonly env: string }
  | { readonly kind: 'terminal' };

export interface Answers {
  readonly source: SourceAnswer;
  readonly destinations: readonly DestinationAnswer[];
  /** folder, URL or none */
  readonly store: string;
  readonly pagesPerWeek: number;
  readonly timeZone: string;
}

/** What the command line says; what it does not is asked. */
export interface InitFlags {
  readonly cloudwatch?: true;
  readonly region?: readonly string[];
  readonly prefix?: string;
  readonly roleArn?: string;
  readonly firehose?: true;
  readonly firehoseKeyEnv?: string;
  readonly listen?: string;
  readonly files?: readonly string[];
  readonly logGroup?: string;
  readonly stdin?: true;
  readonly slackWebhookEnv?: string;
  readonly slackTokenEnv?: string;
  readonly slackChannel?: string;
  readonly pagerdutyKeyEnv?: string;
  readonly webhookUrlEnv?: string;
  readonly terminal?: true;
  readonly store?: string;
  readonly pagesPerWeek?: number;
  readonly timeZone?: string;
}

/** Puts a question to a person; an empty answer is the fallback. */
export type Ask = (question: string, fallback: string) => Promise<string>;

const SOURCES = ['cloudwatch', 'firehose', 'files', 'stdin'] as const;
const DESTINATIONS = ['slack', 'slack-bot', 'pagerduty', 'webhook', 'terminal'] as const;
const VARIABLE = /^[A-Za-z_]\w*$/;

/**
 * All answers, from flags first, then from a person; without one (`ask` null) the rest are the defaults.
 * @throws {UsageError} where what must be told is not, or flags exclude each other
 */
export async function answersOf(flags: InitFlags, ask: Ask | null, zone: string): Promise<Answers> {
  const source = await sourceOf(flags, ask);
  const destinations = await destinationsOf(flags, ask);
  const say = async (given: string | undefined, question: string, fallback: string) =>
    given ?? (ask === null ? fallback : await ask(question, fallback));
  const store = await say(
    flags.store,
    'Keep what is found in a folder, or in ClickHouse at a URL (none: nowhere)',
    './.tripline',
  );
  const pages = await say(flags.pagesPerWeek?.toString(), 'How often may somebody be paged a week', '5');
  const timeZone = await say(flags.timeZone, 'Time zone that daily rhythm follows', zone);
  if (!/^\d{1,4}$/.test(pages)) throw new UsageError(`${pages}: pages a week are a whole number`);
  return { source, destinations, store, pagesPerWeek: Number(pages), timeZone };
}

async function chosen<Kind extends string>(ask: Ask, question: string, kinds: readonly Kind[]): Promise<Kind> {
  for (;;) {
    const answer = (await ask(`${question} (${kinds.join(', ')})`, kinds[0] ?? '')).trim().toLowerCase();
    const kind = kinds.find((it) => it === answer || it[0] === answer || String(kinds.indexOf(it) + 1) === answer);
    if (kind !== undefined) return kind;
  }
}

async function sourceOf(flags: InitFlags, ask: Ask | null): Promise<SourceAnswer> {
  const given = SOURCES.filter((kind) => flags[kind] !== undefined);
  if (given.length > 1)
    throw new UsageError(
      `--${given.join(' and --')}: name one place where the logs are; others can be added to the file`,
    );
  if (given.length === 0 && ask === null)
    throw new UsageError(
      'where are the logs? Without a terminal name one of --cloudwatch, --firehose, --files PATTERN, --stdin',
    );
  const kind = given[0] ?? (await chosen(ask as Ask, 'Where are your logs', SOURCES));
  const say = async (value: string | undefined, question: string, fallback: string) =>
    value ?? (ask === null ? fallback : await ask(question, fallback));
  switch (kind) {
    case 'cloudwatch': {
      const regions = flags.region ?? (ask === null ? [] : split(await ask('Regions (empty: AWS_REGION)', '')));
      const prefix = await say(flags.prefix, 'Log groups begin with', '/aws/lambda/');
      const roleArn = await say(flags.roleArn, 'Role to assume, its ARN (empty: the credentials that are there)', '');
      return { kind, regions, prefix, roleArn: roleArn === '' ? null : roleArn };
    }
    case 'firehose':
      return {
        kind,
        address: await say(flags.listen, 'Listen for Firehose at', '127.0.0.1:8443'),
        keyEnv: variable(
          await say(flags.firehoseKeyEnv, 'Environment variable that holds its access key', 'FIREHOSE_ACCESS_KEY'),
        ),
      };
    case 'files': {
      const files = flags.files ?? split(await (ask as Ask)('Files, folders or patterns', './logs/'));
      const logGroup = await say(flags.logGroup, 'Log group of lines that do not tell theirs (empty: they do)', '');
      return { kind, files, logGroup: logGroup === '' ? null : logGroup };
    }
    case 'stdin':
      return { kind };
  }
}

async function destinationsOf(flags: InitFlags, ask: Ask | null): Promise<DestinationAnswer[]> {
  const { slackWebhookEnv, slackTokenEnv, slackChannel, pagerdutyKeyEnv, webhookUrlEnv, terminal } = flags;
  if ((slackTokenEnv === undefined) !== (slackChannel === undefined))
    throw new UsageError('--slack-token-env and --slack-channel go together');
  const given: DestinationAnswer[] = [];
  if (slackWebhookEnv !== undefined) given.push({ kind: 'slack', env: variable(slackWebhookEnv) });
  if (slackTokenEnv !== undefined && slackChannel !== undefined)
    given.push({ kind: 'slack-bot', env: variable(slackTokenEnv), channel: slackChannel });
  if (pagerdutyKeyEnv !== undefined) given.push({ kind: 'pagerduty', env: variable(pagerdutyKeyEnv) });
  if (webhookUrlEnv !== undefined) given.push({ kind: 'webhook', env: variable(webhookUrlEnv) });
  if (terminal === true || (given.length === 0 && ask === null)) given.push({ kind: 'terminal' });
  return given.length > 0 || ask === null ? given : [await askedDestination(ask)];
}

async function askedDestination(ask: Ask): Promise<DestinationAnswer> {
  const kind = await chosen(ask, 'Where should alerts go', DESTINATIONS);
  const env = async (what: string, name: string) =>
    variable(await ask(`Environment variable that holds ${what}`, name));
  switch (kind) {
    case 'slack':
      return { kind, env: await env('the URL of the Slack web hook', 'SLACK_WEBHOOK_URL') };
    case 'slack-bot':
      return {
        kind,
        env: await env('the bot token (xoxb-…)', 'SLACK_BOT_TOKEN'),
        channel: await ask('Channel, id or #name', '#alerts'),
      };
    case 'pagerduty':
      return { kind, env: await env('the integration key', 'PAGERDUTY_ROUTING_KEY') };
    case 'webhook':
      return { kind, env: await env('the URL', 'ALERT_WEBHOOK_URL') };
    case 'terminal':
      return { kind };
  }
}

/** A secret that was pasted in the place of a name would end up in the file. */
function variable(name: string): string {
  if (!VARIABLE.test(name))
    throw new UsageError(
      'name the environment variable that holds the secret, such as SLACK_WEBHOOK_URL; the secret itself is never written',
    );
  return name;
}

const split = (text: string): string[] => text.split(/[\s,]+/).filter((part) => part !== '');
