import { Secret } from '../alerts/sinks/secret.ts';
import type { SinkSettings } from '../alerts/sinks/settings.ts';
import type { DestinationSettings } from './config-destinations.ts';
import { ConfigError } from './config-error.ts';
import { readNamed } from './config-store.ts';
import { keyProblem, secretProblem, tokenProblem, urlProblem } from './destination-rules.ts';

/** Destinations that are reached over the network: the others are files and the screen. */
export type NetworkDestination = Exclude<DestinationSettings, { type: 'stdout' | 'file' }>;

/**
 * A destination with its secrets at hand: those in files are read now, and keep the same rules as those in the
 * configuration. @throws {ConfigError} that names the destination, the option and the file, never what is in it
 */
export function withSecrets(it: NetworkDestination): SinkSettings {
  const { name, timeoutMs, allowPrivate } = it;
  const common = { name, timeoutMs, allowPrivate };
  const read = (key: string, given: Secret | undefined, file: string | undefined, rule: Rule) =>
    secretOf({ destination: name, key, given, file, rule });
  switch (it.type) {
    case 'slack': {
      const rule: Rule = (url) => urlProblem(url, it);
      return { ...common, type: it.type, webhookUrl: read('webhookUrl', it.webhookUrl, it.webhookUrlFile, rule) };
    }
    case 'slack-bot': {
      const token = read('token', it.token, it.tokenFile, tokenProblem);
      return { ...common, type: it.type, token, channel: it.channel, baseUrl: it.baseUrl };
    }
    case 'pagerduty': {
      const routingKey = read('routingKey', it.routingKey, it.routingKeyFile, keyProblem);
      return { ...common, type: it.type, routingKey, baseUrl: it.baseUrl };
    }
    case 'webhook': {
      const url = read('url', it.url, it.urlFile, (given) => urlProblem(given, it));
      return { ...common, type: it.type, url, secrets: signing(it), format: it.format, headers: it.headers };
    }
    case 'alertmanager':
      return { ...common, type: it.type, url: it.url, auth: authOf(it, read), refreshMs: it.refreshMs };
  }
}

/** Reads every secret that is in a file, for what is wrong alone. @throws {ConfigError} with all problems */
export function checkSecrets(destinations: readonly DestinationSettings[]): void {
  const problems = destinations.flatMap((it) => {
    if (it.type === 'stdout' || it.type === 'file') return [];
    try {
      withSecrets(it);
      return [];
    } catch (error) {
      if (error instanceof ConfigError) return error.problems;
      throw error;
    }
  });
  if (problems.length > 0) throw new ConfigError(problems);
}

type Rule = (value: string) => string | null;
type Read = (key: string, given: Secret | undefined, file: string | undefined, rule: Rule) => Secret;

interface SecretPlace {
  readonly destination: string;
  readonly key: string;
  readonly given: Secret | undefined;
  readonly file: string | undefined;
  readonly rule: Rule;
}

function secretOf({ destination, key, given, file, rule }: SecretPlace): Secret {
  const where = file === undefined ? `destinations.${destination}.${key}` : `destinations.${destination}.${key}File`;
  const secret = file === undefined ? given : new Secret(readNamed(where, file).trim());
  if (secret === undefined) throw new Error(`${where} passed the schema without a value`);
  const problem = secret.reveal() === '' ? 'is empty' : rule(secret.reveal());
  if (problem !== null) throw new ConfigError([`${where}: ${file === undefined ? '' : `${file}: `}${problem}`]);
  return secret;
}

/** What signs: of one option, of several, or of the lines of a file. */
function signing(it: NetworkDestination & { readonly type: 'webhook' }): Secret[] {
  if (it.secretFile === undefined) return it.secret === undefined ? (it.secrets ?? []) : [it.secret];
  const where = `destinations.${it.name}.secretFile`;
  const secrets = readNamed(where, it.secretFile).split(/\s+/).filter(Boolean);
  if (secrets.length === 0) throw new ConfigError([`${where}: ${it.secretFile}: is empty`]);
  const problem = secrets.map(secretProblem).find((found) => found !== null) ?? null;
  if (problem !== null) throw new ConfigError([`${where}: ${it.secretFile}: ${problem}`]);
  return secrets.map((secret) => new Secret(secret));
}

function authOf(it: NetworkDestination & { readonly type: 'alertmanager' }, read: Read) {
  const { username, password, passwordFile, bearerToken, bearerTokenFile } = it;
  if (username !== undefined) return { username, password: read('password', password, passwordFile, () => null) };
  if (bearerToken === undefined && bearerTokenFile === undefined) return null;
  return { bearerToken: read('bearerToken', bearerToken, bearerTokenFile, tokenProblem) };
}
