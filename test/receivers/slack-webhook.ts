import { isJson, limiter, objectIn, openReceiver, type Received, type Receiver, type Reply } from './receiver.ts';
import { slackProblem } from './slack-contract.ts';

export interface SlackWebhookReceiver extends Receiver {
  /** the secret address */
  readonly webhookUrl: string;
  /** what people see, oldest first */
  readonly messages: readonly { readonly text: string; readonly blocks?: readonly unknown[] }[];
  /** why messages were refused */
  readonly objections: readonly string[];
}

const PATH = '/services/T0000/B0000/hidden-in-the-path';

/** A Slack incoming webhook: JSON, limits, escaping, one message a second with bursts of four. */
export async function openSlackWebhook(nowMs: () => number): Promise<SlackWebhookReceiver> {
  const messages: { text: string; blocks?: readonly unknown[] }[] = [];
  const objections: string[] = [];
  const waitSeconds = limiter(1000, 4, nowMs);
  const refuse = (status: number, body: string, about = body): Reply => {
    objections.push(about);
    return { status, body };
  };

  function answer(request: Received): Reply {
    if (request.path !== PATH) return refuse(404, 'no_service');
    if (request.method !== 'POST' || !isJson(request)) return refuse(400, 'invalid_payload', 'no JSON');
    const seconds = waitSeconds();
    if (seconds > 0) return { ...refuse(429, 'rate_limited'), headers: { 'retry-after': String(seconds) } };
    const message = objectIn(request.body);
    if (message === null) return refuse(400, 'invalid_payload');
    const problem = slackProblem(message);
    if (problem !== null) return refuse(400, problem.word, problem.about);
    messages.push(message as never);
    return { status: 200, body: 'ok' };
  }

  const receiver = await openReceiver(answer);
  return { ...receiver, webhookUrl: `${receiver.url}${PATH}`, messages, objections };
}
