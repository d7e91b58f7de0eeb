import type { AlertFunction } from '../event.ts';
import { deliveryKey, type Notice } from '../notice.ts';
import { openHttp } from './http.ts';
import { outcomeOf } from './outcome.ts';
import type { WebhookSettings } from './settings.ts';
import { signatureOf } from './sign.ts';
import type { Sink } from './sink.ts';
import type { SinkDeps } from './slack-webhook.ts';

/**
 * Any receiver: each notice as JSON, or as a CloudEvent, signed by Standard Webhooks. `webhook-id` is the same in every
 * attempt, so that a receiver can tell what it has; the timestamp is the attempt's, as receivers refuse old ones.
 */
export function webhook(settings: WebhookSettings, deps: SinkDeps): Sink {
  const http = openHttp(settings, deps);
  const { host } = new URL(settings.url.reveal());
  return {
    name: settings.name,
    type: settings.type,
    async send({ notice }, signal) {
      const id = deliveryKey(notice);
      const timestampSeconds = Math.floor(deps.nowMs() / 1000);
      const { type, body } = settings.format === 'cloudevents' ? cloudEvent(notice) : plain(notice);
      const signed = { id, timestampSeconds, body };
      const headers: Record<string, string> = {
        ...Object.fromEntries(Object.entries(settings.headers).map(([name, value]) => [name, value.reveal()])),
        'content-type': type,
        'webhook-id': id,
        'webhook-timestamp': String(timestampSeconds),
        ...(settings.secrets.length === 0 ? {} : { 'webhook-signature': signatureOf(signed, settings.secrets) }),
      };
      return outcomeOf(await http({ url: settings.url.reveal(), headers, body }, signal), host);
    },
  };
}

const plain = (notice: Notice) => ({ type: 'application/json', body: JSON.stringify(notice) });

/** Structured mode of CloudEvents 1.0. */
function cloudEvent(notice: Notice) {
  const event = {
    specversion: '1.0',
    id: deliveryKey(notice),
    source: 'urn:tripline',
    type: `dev.tripline.alert.${notice.transition}.v1`,
    time: notice.at,
    subject: subjectOf(notice.event.function),
    datacontenttype: 'application/json',
    data: notice,
  };
  return { type: 'application/cloudevents+json; charset=utf-8', body: JSON.stringify(event) };
}

/** `aws/123456789012/eu-central-1/checkout`; what is not known is `-`. */
const subjectOf = ({ provider, account, region, name }: AlertFunction): string =>
  [provider, account ?? '-', region ?? '-', name].join('/');
