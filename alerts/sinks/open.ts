import { alertmanager } from './alertmanager.ts';
import { pagerDuty } from './pagerduty.ts';
import type { SinkSettings } from './settings.ts';
import type { Sink } from './sink.ts';
import { slackBot } from './slack-bot.ts';
import { type SinkDeps, slackWebhook } from './slack-webhook.ts';
import { webhook } from './webhook.ts';

/** The sender of one destination. Opens nothing: connections are made when something is sent. */
export function openSink(settings: SinkSettings, deps: SinkDeps): Sink {
  switch (settings.type) {
    case 'slack':
      return slackWebhook(settings, deps);
    case 'slack-bot':
      return slackBot(settings, deps);
    case 'pagerduty':
      return pagerDuty(settings, deps);
    case 'webhook':
      return webhook(settings, deps);
    case 'alertmanager':
      return alertmanager(settings, deps);
  }
}
