import { deliveryKey, isPressing, type Notice } from '../notice.ts';
import { changeLineOf, type SlackMessage, slackMessageOf, slackWordsOf } from './bodies.ts';
import type { SlackBotSettings } from './settings.ts';
import type { Outcome, Sink } from './sink.ts';
import { type SlackApi, type SlackReply, slackApi } from './slack-api.ts';
import type { SinkDeps } from './slack-webhook.ts';
import { isGoneWord, isLayoutWord } from './slack-words.ts';

const EVENT_TYPE = 'tripline_notice';
/** Newest messages of a channel or a thread among which one that may have arrived is looked for. */
const LOOKED_THROUGH = '100';
/** These are told to the whole channel from within their thread: somebody must act, or act again. */
const BROADCAST = new Set(['updated', 'reopened', 'renotified']);

/** Where the message of an incident stands. */
interface Place {
  readonly channel: string;
  readonly ts: string;
}

/**
 * One message an incident, changed in place, with its changes in its thread. A message whose fate is not known is looked
 * for by its metadata before it is posted again, where the scope `channels:history` allows it; else it may stand there
 * twice. What is not loud changes messages that are there and makes no new one.
 */
export function slackBot(settings: SlackBotSettings, deps: SinkDeps): Sink {
  const api = slackApi(settings, deps);
  return {
    name: settings.name,
    type: settings.type,
    async send({ notice, memory, isRetry }, signal) {
      const place = placeOf(memory) ?? (isRetry ? await find(api, settings.channel, null, notice, signal) : null);
      if (place === null) return notice.loud ? await post(api, settings.channel, notice, signal) : { kind: 'taken' };
      if (memory === null || memory === undefined) return { kind: 'taken', memory: place }; // just found: this is it
      const updated = await withFallback(notice, (message) =>
        api.write('chat.update', { ...place, blocks: [], attachments: [], ...message }, signal, isPressing(notice)),
      );
      if (!updated.isOk && isGoneWord(updated.word)) return await post(api, settings.channel, notice, signal);
      if (!updated.isOk) return updated.outcome;
      return await follow(api, place, { notice, isRetry }, signal);
    },
    pauseMs: (notice) => api.pauseMs(isPressing(notice)),
  };
}

async function post(api: SlackApi, channel: string, notice: Notice, signal: AbortSignal): Promise<Outcome> {
  const fixed = { channel, metadata: metadataOf(notice), unfurl_links: false, unfurl_media: false };
  const reply = await withFallback(notice, (message) =>
    api.write('chat.postMessage', { ...fixed, ...message }, signal, isPressing(notice)),
  );
  if (!reply.isOk) return reply.outcome;
  const place = placeOf(reply.data);
  return place === null ? { kind: 'taken' } : { kind: 'taken', memory: place };
}

/** Says the change in the thread of the incident's message. */
async function follow(
  api: SlackApi,
  { channel, ts }: Place,
  { notice, isRetry }: { readonly notice: Notice; readonly isRetry: boolean },
  signal: AbortSignal,
): Promise<Outcome> {
  const taken = { kind: 'taken', memory: { channel, ts } } as const;
  if (isRetry && (await find(api, channel, ts, notice, signal)) !== null) return taken;
  const line = {
    channel,
    thread_ts: ts,
    text: changeLineOf(notice),
    mrkdwn: false,
    metadata: metadataOf(notice),
    unfurl_links: false,
    unfurl_media: false,
    ...(notice.loud && BROADCAST.has(notice.transition) ? { reply_broadcast: true } : {}),
  };
  const reply = await api.write('chat.postMessage', line, signal);
  return reply.isOk ? taken : reply.outcome;
}

/** A layout that Slack refuses is sent as words alone: ugly is better than lost. */
async function withFallback(
  notice: Notice,
  write: (message: Partial<SlackMessage>) => Promise<SlackReply>,
): Promise<SlackReply> {
  const reply = await write(slackMessageOf(notice));
  return !reply.isOk && isLayoutWord(reply.word) ? await write({ text: slackWordsOf(notice) }) : reply;
}

const metadataOf = (notice: Notice) => ({
  event_type: EVENT_TYPE,
  event_payload: { delivery: deliveryKey(notice), incident: notice.incident_id },
});

/** The message of this very delivery in a channel, or in a thread; null = not there, or we may not look. */
async function find(
  api: SlackApi,
  channel: string,
  threadTs: string | null,
  notice: Notice,
  signal: AbortSignal,
): Promise<Place | null> {
  const query = { channel, limit: LOOKED_THROUGH, include_all_metadata: 'true' };
  const reply =
    threadTs === null
      ? await api.read('conversations.history', query, signal)
      : await api.read('conversations.replies', { ...query, ts: threadTs }, signal);
  if (!reply.isOk || !Array.isArray(reply.data['messages'])) return null;
  const found = reply.data['messages'].find((it: unknown) => isDelivery(it, deliveryKey(notice)));
  return found === undefined ? null : placeOf({ ...(found as object), channel });
}

function isDelivery(message: unknown, key: string): boolean {
  const { metadata } = message as { metadata?: { event_type?: unknown; event_payload?: { delivery?: unknown } } };
  return metadata?.event_type === EVENT_TYPE && metadata.event_payload?.delivery === key;
}

function placeOf(value: unknown): Place | null {
  const { channel, ts } = (value ?? {}) as Partial<Record<string, unknown>>;
  return typeof channel === 'string' && typeof ts === 'string' ? { channel, ts } : null;
}
