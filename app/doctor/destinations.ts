import { randomUUID } from 'node:crypto';
import { dirname } from 'node:path';
import { type HttpAnswer, type HttpRequest, openHttp } from '../../alerts/sinks/http.ts';
import { openSink } from '../../alerts/sinks/open.ts';
import type { SinkSettings } from '../../alerts/sinks/settings.ts';
import { testNotices } from '../../alerts/test-notice.ts';
import type { Config } from '../config.ts';
import type { DestinationSettings } from '../config-destinations.ts';
import { ConfigError } from '../config-error.ts';
import { type NetworkDestination, withSecrets } from '../destination-secrets.ts';
import { type Check, type Finding, fail, ok, skewFinding, warn } from './check.ts';
import { folderCheck } from './machine.ts';
import type { DoctorWorld } from './world.ts';

/** Less than a check may take, so that what was found is said. */
const MOST_MS = 4000;

/** Whether each destination could be told something, without telling it anything. */
export function destinationChecks({ live }: Config, world: DoctorWorld): Check[] {
  return live.destinations.map((settings) => {
    const what = `destination ${settings.name}`;
    if (settings.type === 'stdout') return { what, run: async () => [ok(what, 'the screen')] };
    if (settings.type === 'file') return fileCheck(what, settings, world);
    return { what, run: (signal) => networkFindings(what, settings, world, signal) };
  });
}

function fileCheck(what: string, { path }: DestinationSettings & { readonly type: 'file' }, world: DoctorWorld): Check {
  return folderCheck(what, dirname(path), world);
}

async function networkFindings(
  what: string,
  given: NetworkDestination,
  world: DoctorWorld,
  signal: AbortSignal,
): Promise<Finding[]> {
  let settings: SinkSettings;
  try {
    settings = withSecrets(given);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return [fail(what, error.message, 'put the value in its place; it is one line')];
  }
  const { request, judge } = QUESTIONS[settings.type](settings as never);
  const { timeoutMs, allowPrivate } = settings;
  const ask = openHttp({ timeoutMs: Math.min(timeoutMs, MOST_MS), allowPrivate }, { nowMs: world.nowMs });
  const answer = await ask({ ...request, wantsText: () => true }, signal);
  if (answer.kind === 'forbidden')
    return [fail(what, answer.why, 'allow the host by name if it is yours; otherwise correct the address')];
  if (answer.kind === 'failed')
    return [
      fail(what, answer.why, 'correct the address, or let this machine reach it (DNS, proxy, firewall, certificate)'),
    ];
  const clock =
    answer.dateMs === undefined ? [] : [skewFinding(new URL(request.url).host, answer.dateMs, world.nowMs())];
  const judged = judge(what, answer);
  if (!world.isSending || judged.verdict === 'fail') return [judged, ...clock];
  return [await sendTest(what, settings, world, signal), ...clock];
}

/** Opens and resolves an incident of its own. */
async function sendTest(
  what: string,
  settings: SinkSettings,
  { nowMs }: DoctorWorld,
  signal: AbortSignal,
): Promise<Finding> {
  const sink = openSink(settings, { nowMs });
  let memory: unknown = null;
  for (const notice of testNotices(randomUUID().slice(0, 8), nowMs(), 'tripline', 'tripline doctor --send')) {
    const outcome = await sink.send({ notice, memory, isRetry: false }, signal);
    if (outcome.kind !== 'taken')
      return fail(
        what,
        `did not take the ${notice.transition} test notice: ${outcome.why}`,
        'look at the address, the key and the channel',
      );
    memory = outcome.memory ?? memory;
  }
  return ok(what, 'took a test notice and its end: look whether somebody sees it');
}

type Answer = HttpAnswer & { readonly kind: 'answer' };
interface Question {
  readonly request: HttpRequest;
  readonly judge: (what: string, answer: Answer) => Finding;
}
type Of<Type> = SinkSettings & { readonly type: Type };

const LATER = 'whether it takes notices: tripline doctor --send';

/** What each kind can be asked that changes nothing there. */
const QUESTIONS: { readonly [Type in SinkSettings['type']]: (settings: Of<Type>) => Question } = {
  slack: ({ webhookUrl }) => ({
    // a message without a text is refused, and how tells whether one with a text would be taken
    request: { method: 'POST', url: webhookUrl.reveal(), headers: { 'content-type': 'application/json' }, body: '{}' },
    judge: slackFinding,
  }),
  'slack-bot': ({ baseUrl, token }) => ({
    request: { method: 'POST', url: `${baseUrl}/auth.test`, headers: { authorization: `Bearer ${token.reveal()}` } },
    judge: slackBotFinding,
  }),
  pagerduty: ({ baseUrl }) => ({
    request: { method: 'GET', url: `${new URL(baseUrl).origin}/` },
    judge: (what) => ok(what, `PagerDuty can be reached; the key has the right form; ${LATER}`),
  }),
  webhook: ({ url }) => ({
    request: { method: 'GET', url: `${new URL(url.reveal()).origin}/` },
    judge: (what, { status }) =>
      status >= 500
        ? warn(what, `the host answers ${status}`, 'look at the receiver')
        : ok(what, `the host can be reached; ${LATER}`),
  }),
  alertmanager: (settings) => ({
    request: { method: 'GET', url: `${settings.url}/api/v2/status`, headers: authorization(settings) },
    judge: alertmanagerFinding,
  }),
};

const REVOKED = 'make a new web hook in Slack (Your Apps, Incoming Webhooks) and put its URL in the place of this one';

function slackFinding(what: string, { status, text }: Answer): Finding {
  const word = /^[a-z_]{3,60}$/.exec(text.trim())?.[0] ?? '';
  if (status === 400 && /^(no_text|invalid_payload|missing_text_or_fallback_or_attachments)$/.test(word))
    return ok(what, 'Slack knows the web hook (asked with an empty message, which it never shows)');
  if ([403, 404, 410].includes(status))
    return fail(
      what,
      `Slack answers ${status}${word === '' ? '' : ` ${word}`}: the web hook is not, or no longer, there`,
      REVOKED,
    );
  if (status === 429) return warn(what, 'Slack has been asked too often (429)', 'try again in a minute');
  return warn(
    what,
    `the host answers ${status}, which is not what Slack does`,
    'look at webhookUrl: https://hooks.slack.com/services/…',
  );
}

function slackBotFinding(what: string, { status, text }: Answer): Finding {
  const said = parsed(text) as { ok?: unknown; error?: unknown; team?: unknown; user?: unknown } | null;
  if (said?.ok === true)
    return ok(what, `Slack takes the token, as ${String(said.user)} of ${String(said.team)}; ${LATER}`);
  if (typeof said?.error === 'string' && /^[a-z_]{1,60}$/.test(said.error))
    return fail(
      what,
      `Slack does not take the token: ${said.error}`,
      'copy the bot token (xoxb-…) of the installed app again',
    );
  return warn(what, `the host answers ${status}, which is not what Slack does`, 'look at baseUrl');
}

function alertmanagerFinding(what: string, { status, text }: Answer): Finding {
  if (status === 200 && typeof (parsed(text) as { versionInfo?: unknown } | null)?.versionInfo === 'object')
    return ok(what, 'Alertmanager answers');
  if (status === 401 || status === 403)
    return fail(
      what,
      `Alertmanager answers ${status}: it does not take us`,
      'look at username and password, or bearerToken',
    );
  if (status === 404)
    return fail(
      what,
      'there is no Alertmanager at this address (404)',
      'look at url: without /api/v2/alerts, with a path where it has one',
    );
  if (status < 300) return warn(what, `the host answers ${status}, which is not what Alertmanager does`, 'look at url');
  return warn(what, `Alertmanager answers ${status}`, 'look at it');
}

function authorization({ auth }: Of<'alertmanager'>): Record<string, string> {
  if (auth === null) return {};
  if ('bearerToken' in auth) return { authorization: `Bearer ${auth.bearerToken.reveal()}` };
  return { authorization: `Basic ${Buffer.from(`${auth.username}:${auth.password.reveal()}`).toString('base64')}` };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
