import { isPressing, type Notice } from '../notice.ts';
import { type SlackMessage, slackMessageOf, slackWordsOf } from './bodies.ts';
import { type HttpAnswer, type HttpDeps, openHttp } from './http.ts';
import { outcomeOf } from './outcome.ts';
import { paceOf, type Wait } from './pace.ts';
import type { SlackWebhookSettings } from './settings.ts';
import type { Outcome, Sink } from './sink.ts';
import { isLayoutWord, knownWord, outcomeOfWord } from './slack-words.ts';

/** What every sink is given besides its settings. */
export interface SinkDeps extends HttpDeps {
  /** waits for a place in the receiver's rate; a timer unless told otherwise */
  readonly wait?: Wait;
}

/** Slack takes about one message a second in a channel, and short bursts. */
export const SLACK_PACE = { everyMs: 1000, burst: 3 };

/**
 * A Slack incoming webhook. Its messages cannot be changed afterwards, so what is not loud is not sent; a message whose
 * layout Slack refuses is sent as plain text at once: ugly is better than lost.
 */
export function slackWebhook(settings: SlackWebhookSettings, deps: SinkDeps): Sink {
  const http = openHttp(settings, deps);
  const pace = paceOf({ ...SLACK_PACE, ...deps });
  const { host } = new URL(settings.webhookUrl.reveal());

  async function post(message: Partial<SlackMessage>, notice: Notice, signal: AbortSignal): Promise<HttpAnswer> {
    await pace.take(isPressing(notice), signal);
    const request = {
      url: settings.webhookUrl.reveal(),
      headers: { 'content-type': 'application/json; charset=utf-8' },
      body: JSON.stringify(message),
      wantsText: (status: number, type: string) => status >= 400 || type.startsWith('text/html'), // as is Slack's `ok`
    };
    return await http(request, signal);
  }

  return {
    name: settings.name,
    type: settings.type,
    async send({ notice }, signal) {
      if (!notice.loud) return { kind: 'taken' };
      const first = await post(slackMessageOf(notice), notice, signal);
      if (!isLayoutWord(wordOf(first))) return meaningOf(first, host);
      return meaningOf(await post({ text: slackWordsOf(notice) }, notice, signal), host);
    },
    pauseMs: (notice) => (notice.loud ? pace.pauseMs(isPressing(notice)) : 0),
  };
}

const wordOf = (answer: HttpAnswer): string | undefined =>
  answer.kind === 'answer' ? knownWord(answer.text.trim()) : undefined;

/** A login page, or that of a proxy: nobody has seen the message, whatever its status. */
const isPage = (answer: HttpAnswer): boolean =>
  answer.kind === 'answer' && answer.status < 300 && /^\s*<(!doctype|html)\b/i.test(answer.text);

/** A word that is known says more than the status. */
function meaningOf(answer: HttpAnswer, host: string): Outcome {
  if (isPage(answer))
    return { kind: 'closed', why: `${host} answers with a web page, which Slack does not: something stands between` };
  const word = wordOf(answer);
  if (answer.kind !== 'answer' || word === undefined || answer.status < 400) return outcomeOf(answer, host);
  const { kind } = outcomeOf(answer, host, word);
  return kind === 'retry' ? outcomeOf(answer, host, word) : outcomeOfWord(word, host, answer.retryAfterMs);
}
