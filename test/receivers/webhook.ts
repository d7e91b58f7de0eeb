import { type CloudEvent, HTTP } from 'cloudevents';
import { Webhook } from 'standardwebhooks';
import type { Notice } from '../../alerts/notice.ts';
import { objectIn, openReceiver, type Received, type Receiver, type Reply } from './receiver.ts';

export interface WebhookReceiver extends Receiver {
  /** deliveries that were verified, by `webhook-id`: the first of each counts, as receivers are told to do */
  readonly notices: ReadonlyMap<string, Notice>;
  readonly objections: readonly string[];
}

/** A receiver that verifies with the libraries of Standard Webhooks and CloudEvents. `secret` null = unsigned is expected. */
export async function openWebhook(secret: string | null): Promise<WebhookReceiver> {
  const notices = new Map<string, Notice>();
  const objections: string[] = [];

  function answer(request: Received): Reply {
    try {
      if (secret === null) expectUnsigned(request);
      else new Webhook(secret).verify(request.body, request.headers as Record<string, string>);
      const id = String(request.headers['webhook-id']);
      const notice = noticeIn(request, id);
      if (!notices.has(id)) notices.set(id, notice);
      return { status: 204 };
    } catch (error) {
      objections.push((error as Error).message);
      return { status: 400 };
    }
  }

  return { ...(await openReceiver(answer)), notices, objections };
}

function expectUnsigned({ headers }: Received): void {
  if ('webhook-signature' in headers) throw new Error('signed, although no secret is set');
  if (!/^\d{10}$/.test(String(headers['webhook-timestamp']))) throw new Error('no timestamp in seconds');
}

function noticeIn(request: Received, id: string): Notice {
  const { headers, body } = request;
  const parsed = objectIn(body);
  if (parsed === null) throw new Error('no JSON');
  const isEvent = String(headers['content-type']).startsWith('application/cloudevents+json');
  const notice = (isEvent ? eventIn(request, id, parsed) : parsed) as unknown as Notice;
  if (`${notice.incident_id}-${notice.version}` !== id) throw new Error('webhook-id is not that of the notice');
  return notice;
}

/** The library accepts an empty id and any version: so the text is looked at, too. */
function eventIn({ headers, body }: Received, id: string, raw: Record<string, unknown>): unknown {
  const event = HTTP.toEvent({ headers: headers as never, body });
  if (Array.isArray(event) || !(event as CloudEvent).validate()) throw new Error('no CloudEvent');
  const known = ['specversion', 'id', 'source', 'type', 'time', 'subject', 'datacontenttype', 'data'];
  const strange = Object.keys(raw).find((name) => !known.includes(name));
  if (strange !== undefined) throw new Error(`unknown attribute ${strange}`);
  if (raw['specversion'] !== '1.0' || raw['id'] !== id || raw['source'] === '') throw new Error('attributes');
  if (!/^dev\.tripline\.alert\.[a-z]+\.v1$/.test(String(raw['type']))) throw new Error(`type ${raw['type']}`);
  if (Number.isNaN(Date.parse(String(raw['time'])))) throw new Error('time');
  return raw['data'];
}
