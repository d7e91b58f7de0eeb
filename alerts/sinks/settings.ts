import type { Secret } from './secret.ts';

interface Common {
  readonly name: string;
  /** for one request and its answer */
  readonly timeoutMs: number;
  /** hosts that may have private addresses */
  readonly allowPrivate: readonly string[];
}

export interface SlackWebhookSettings extends Common {
  readonly type: 'slack';
  readonly webhookUrl: Secret;
}

export interface SlackBotSettings extends Common {
  readonly type: 'slack-bot';
  readonly token: Secret;
  /** id such as C0123456789, or #name */
  readonly channel: string;
  /** https://slack.com/api, without a slash at its end */
  readonly baseUrl: string;
}

export interface PagerDutySettings extends Common {
  readonly type: 'pagerduty';
  /** 32 characters */
  readonly routingKey: Secret;
  /** https://events.pagerduty.com, without a slash at its end */
  readonly baseUrl: string;
}

export interface WebhookSettings extends Common {
  readonly type: 'webhook';
  readonly url: Secret;
  /** `whsec_` and base64; each signs: the newest first. Empty = unsigned */
  readonly secrets: readonly Secret[];
  readonly format: 'json' | 'cloudevents';
  readonly headers: Readonly<Record<string, Secret>>;
}

export interface AlertmanagerSettings extends Common {
  readonly type: 'alertmanager';
  /** without `/api/v2/alerts` and a slash at its end */
  readonly url: string;
  readonly auth: { readonly username: string; readonly password: Secret } | { readonly bearerToken: Secret } | null;
  readonly refreshMs: number;
}

/** A destination reached over the network, with its secrets at hand. */
export type SinkSettings =
  | SlackWebhookSettings
  | SlackBotSettings
  | PagerDutySettings
  | WebhookSettings
  | AlertmanagerSettings;
