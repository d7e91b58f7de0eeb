import { isJson, limiter, objectIn, openReceiver, type Received, type Receiver, type Reply } from './receiver.ts';
import { slackProblem } from './slack-contract.ts';

export interface PostedMessage {
  readonly ts: string;
  readonly channel: string;
  readonly threadTs: string | null;
  text: string;
  blocks: readonly unknown[];
  readonly metadata: unknown;
  readonly isBroadcast: boolean;
}

export interface SlackApiReceiver extends Receiver {
  readonly baseUrl: string;
  readonly messages: PostedMessage[];
  readonly objections: readonly string[];
  /** methods called, in order */
  readonly calls: readonly string[];
  /** what every call answers instead: `{ ok: false, error }` */
  says: string | null;
  /** whether the token has the scope channels:history */
  mayRead: boolean;
}

export const SLACK_TOKEN = 'xoxb-1111-2222-hidden-token';
export const SLACK_CHANNEL = 'C0123456789';
const CHANNEL_NAME = '#alerts';

type Json = Readonly<Record<string, unknown>>;
const ok = (more: Json = {}): Json => ({ ok: true, ...more });
const no = (error: string): Json => ({ ok: false, error });

/** Slack's Web API as a bot sees it, with one channel. `nowMs` drives the rate of one message a second. */
export async function openSlackApi(nowMs: () => number): Promise<SlackApiReceiver> {
  const messages: PostedMessage[] = [];
  const objections: string[] = [];
  const calls: string[] = [];
  const waitSeconds = limiter(1000, 4, nowMs);
  const state = { says: null as string | null, mayRead: true };
  const methods: Readonly<Record<string, (given: Json) => Json>> = {
    'chat.postMessage': (given) => post(messages, given),
    'chat.update': (given) => update(messages, given),
    'conversations.history': (given) => (state.mayRead ? history(messages, given) : no('missing_scope')),
    'conversations.replies': (given) => (state.mayRead ? replies(messages, given) : no('missing_scope')),
  };

  function answer(request: Received): Reply {
    const { pathname, searchParams } = new URL(request.path, 'http://slack');
    const name = pathname.replace('/api/', '');
    calls.push(name);
    const isWriting = name.startsWith('chat.');
    const seconds = isWriting ? waitSeconds() : 0;
    if (seconds > 0)
      return { status: 429, headers: { 'retry-after': String(seconds) }, body: JSON.stringify(no('ratelimited')) };
    const said = state.says === null ? callOf(request, name, isWriting, searchParams) : no(state.says);
    if (said['ok'] !== true) objections.push(String(said['error']));
    return { status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(said) };
  }

  function callOf(request: Received, name: string, isWriting: boolean, query: URLSearchParams): Json {
    const { authorization } = request.headers;
    if (authorization === undefined) return no('not_authed');
    if (authorization !== `Bearer ${SLACK_TOKEN}`) return no('invalid_auth');
    const method = methods[name];
    if (method === undefined) return no('unknown_method');
    if (isWriting && (request.method !== 'POST' || !isJson(request))) return no('invalid_post_type');
    const given = isWriting ? objectIn(request.body) : Object.fromEntries(query);
    return given === null ? no('invalid_json') : method(given);
  }

  const receiver = await openReceiver(answer);
  return Object.assign(state, receiver, { baseUrl: `${receiver.url}/api`, messages, objections, calls });
}

let lastTs = 1_700_000_000;
const nextTs = (): string => `${lastTs++}.000100`;

function post(messages: PostedMessage[], given: Json): Json {
  const { channel, thread_ts, text = '', blocks = [], metadata = null, reply_broadcast } = given;
  if (channel !== SLACK_CHANNEL && channel !== CHANNEL_NAME) return no('channel_not_found');
  const problem = slackProblem(given);
  if (problem !== null) return no(problem.word);
  if (thread_ts !== undefined && !messages.some(({ ts }) => ts === thread_ts)) return no('thread_not_found');
  if (metadata !== null && !isMetadata(metadata)) return no('invalid_metadata_format');
  if (reply_broadcast !== undefined && thread_ts === undefined) return no('invalid_arguments');
  const ts = nextTs();
  messages.push({
    ts,
    channel: SLACK_CHANNEL,
    threadTs: (thread_ts as string | undefined) ?? null,
    text: text as string,
    blocks: blocks as unknown[],
    metadata,
    isBroadcast: reply_broadcast === true,
  });
  return ok({ channel: SLACK_CHANNEL, ts, message: { text } });
}

function isMetadata(value: unknown): boolean {
  const { event_type, event_payload } = value as Json;
  return typeof event_type === 'string' && event_payload !== null && typeof event_payload === 'object';
}

/** Blocks that are not given stay as they are, as at Slack. */
function update(messages: PostedMessage[], given: Json): Json {
  if (given['channel'] !== SLACK_CHANNEL) return no('channel_not_found'); // takes no names
  const problem = slackProblem(given);
  if (problem !== null) return no(problem.word);
  const message = messages.find(({ ts }) => ts === given['ts']);
  if (message === undefined) return no('message_not_found');
  if (typeof given['text'] === 'string') message.text = given['text'];
  if (Array.isArray(given['blocks'])) message.blocks = given['blocks'];
  return ok({ channel: SLACK_CHANNEL, ts: message.ts, text: message.text });
}

const shown = (given: Json) => (message: PostedMessage) => ({
  ts: message.ts,
  text: message.text,
  ...(given['include_all_metadata'] === 'true' ? { metadata: message.metadata } : {}),
});

function history(messages: readonly PostedMessage[], given: Json): Json {
  if (given['channel'] !== SLACK_CHANNEL) return no('channel_not_found'); // takes no names
  const newest = messages.filter(({ threadTs, isBroadcast }) => threadTs === null || isBroadcast).reverse();
  return ok({ messages: newest.slice(0, Number(given['limit'] ?? 100)).map(shown(given)) });
}

function replies(messages: readonly PostedMessage[], given: Json): Json {
  if (given['channel'] !== SLACK_CHANNEL) return no('channel_not_found');
  const thread = messages.filter(({ ts, threadTs }) => ts === given['ts'] || threadTs === given['ts']);
  if (thread.length === 0) return no('thread_not_found');
  return ok({ messages: thread.slice(0, Number(given['limit'] ?? 100)).map(shown(given)) });
}
