import { openHttp } from './http.ts';
import { outcomeOf } from './outcome.ts';
import { paceOf } from './pace.ts';
import type { SlackBotSettings } from './settings.ts';
import type { Outcome } from './sink.ts';
import { type SinkDeps, SLACK_PACE } from './slack-webhook.ts';
import { knownWord, outcomeOfWord } from './slack-words.ts';

/** A hundred messages with their blocks. */
const HISTORY_BYTES = 4 * 1024 * 1024;

export type SlackReply =
  | { readonly isOk: true; readonly data: Readonly<Record<string, unknown>> }
  | { readonly isOk: false; readonly outcome: Exclude<Outcome, { kind: 'taken' }>; readonly word: string | undefined };

export interface SlackApi {
  /** A method that writes, at the rate that Slack takes; the first of a notice that is pressing uses the burst. @throws AbortError */
  write(method: string, body: object, signal: AbortSignal, isPressing?: boolean): Promise<SlackReply>;
  /** How long it would wait now, ms. */
  pauseMs(isPressing: boolean): number;
  /** A method that reads. @throws AbortError */
  read(method: string, query: Readonly<Record<string, string>>, signal: AbortSignal): Promise<SlackReply>;
}

/** The few methods of Slack's Web API that a sender needs. */
export function slackApi(settings: SlackBotSettings, deps: SinkDeps): SlackApi {
  const http = openHttp(settings, deps);
  const pace = paceOf({ ...SLACK_PACE, ...deps });
  const { host } = new URL(settings.baseUrl);
  const authorization = () => `Bearer ${settings.token.reveal()}`;

  return {
    pauseMs: pace.pauseMs,
    async write(method, body, signal, isPressing = false) {
      await pace.take(isPressing, signal);
      const request = {
        url: `${settings.baseUrl}/${method}`,
        headers: { 'content-type': 'application/json; charset=utf-8', authorization: authorization() },
        body: JSON.stringify(body),
        wantsText: () => true,
      };
      return replyOf(await http(request, signal), host);
    },
    async read(method, query, signal) {
      const request = {
        method: 'GET' as const,
        url: `${settings.baseUrl}/${method}?${new URLSearchParams(query)}`,
        headers: { authorization: authorization() },
        wantsText: () => true,
        textBytes: HISTORY_BYTES,
      };
      return replyOf(await http(request, signal), host);
    },
  };
}

/** Slack says 200 to nearly everything: `ok` counts. */
function replyOf(answer: Awaited<ReturnType<ReturnType<typeof openHttp>>>, host: string): SlackReply {
  const byStatus = outcomeOf(answer, host);
  if (byStatus.kind !== 'taken') return { isOk: false, outcome: byStatus, word: undefined };
  if (answer.kind !== 'answer') throw new Error('taken without an answer');
  const data = answer.isWhole ? objectOf(answer.text) : null;
  if (data === null) {
    const why = `${host} answers ${answer.status}, but not with the JSON of Slack's API`;
    return { isOk: false, outcome: { kind: 'retry', why, afterMs: 0 }, word: undefined };
  }
  if (data['ok'] === true) return { isOk: true, data };
  const word = knownWord(String(data['error']));
  const outcome = outcomeOfWord(word, host, answer.retryAfterMs);
  if (outcome.kind === 'taken') throw new Error('a word that means yes');
  return { isOk: false, outcome, word };
}

function objectOf(text: string): Record<string, unknown> | null {
  try {
    const parsed: unknown = JSON.parse(text);
    return parsed !== null && typeof parsed === 'object' ? (parsed as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
