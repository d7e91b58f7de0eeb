import { deliveryKey, type Notice } from '../../alerts/notice.ts';
import { openSlackApi, type PostedMessage, SLACK_CHANNEL, SLACK_TOKEN } from '../receivers/slack-api.ts';
import type { Verdict } from './check.ts';

export type SlackReceiver = Awaited<ReturnType<typeof openSlackApi>>;

/** A channel of Slack that takes a message a second, and tells its bot what stands in it. */
export const openSlack = (): Promise<SlackReceiver> => openSlackApi(Date.now);

export const slackDestination = (slack: SlackReceiver) => ({
  type: 'slack-bot',
  name: 'slack',
  token: SLACK_TOKEN,
  channel: SLACK_CHANNEL,
  baseUrl: slack.baseUrl,
  allowPrivate: ['127.0.0.1'],
});

/**
 * One message an incident, each later transition once in its thread, in order: what a killed process may have posted is looked
 * for. Incidents may change places, as what opens goes first.
 * @param expected of a run that nobody disturbed
 */
export function checkSlack(expected: ReadonlyMap<string, string>, slack: SlackReceiver): Verdict {
  const faults: string[] = slack.objections.map((word) => `Slack says ${word}`);
  const wanted = new Map<string, string[]>();
  for (const body of expected.values()) {
    const notice = JSON.parse(body) as Notice;
    const { incident_id: id } = notice;
    const keys = wanted.get(id);
    if (keys !== undefined) keys.push(deliveryKey(notice));
    else if (notice.loud) wanted.set(id, [deliveryKey(notice)]); // what is quiet makes no message
  }
  const posted = new Map<string, string[]>();
  const roots = new Map<string, string>();
  for (const message of slack.messages) {
    const { delivery, incident } = payloadOf(message);
    posted.set(incident, [...(posted.get(incident) ?? []), delivery]);
    if (message.threadTs === null) roots.set(incident, message.ts);
    else if (roots.get(incident) !== message.threadTs) faults.push(`${delivery} stands in the thread of another`);
  }
  for (const [id, keys] of wanted) {
    const got = posted.get(id) ?? [];
    if (got.join(' ') !== keys.join(' ')) faults.push(`of ${id} came ${got.join(', ')}, due were ${keys.join(', ')}`);
  }
  for (const id of posted.keys()) if (!wanted.has(id)) faults.push(`${id} should never have been told`);
  const due = [...wanted.values()].reduce((sum, keys) => sum + keys.length, 0);
  return { expected: due, requests: slack.calls.length, repeated: 0, faults };
}

const payloadOf = ({ metadata }: PostedMessage) =>
  (metadata as { event_payload: { delivery: string; incident: string } }).event_payload;
