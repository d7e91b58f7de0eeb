import { messageOf } from '../message/message.ts';
import { type PagerDutyParts, pagerDutyPayload } from '../message/pagerduty.ts';
import type { Notice } from '../notice.ts';
import { type HttpAnswer, openHttp } from './http.ts';
import { outcomeOf } from './outcome.ts';
import type { PagerDutySettings } from './settings.ts';
import type { Outcome, Sink } from './sink.ts';
import type { SinkDeps } from './slack-webhook.ts';

/** What the Events API v2 takes. */
const DEDUP_KEY_CHARACTERS = 255;
/** "A few minutes", its documentation asks for. */
const TOO_MANY_MS = 120_000;
/** What `evidence.detail` of a change begins with. */
const CHANGES = new Set(['new-version', 'memory-size', 'timeout-changed']);
/** Keys of rulesets take no change events. */
const RULESET_KEY = /^R/;

type Action = 'trigger' | 'acknowledge' | 'resolve';

/**
 * PagerDuty by Events API v2: one alert an incident, under one `dedup_key`. Changes worth a line but nobody's sleep (new
 * versions, changed limits) go beside the incidents as change events. What is not loud is not sent as a trigger: were the
 * incident resolved there by hand, that would open a new one.
 */
export function pagerDuty(settings: PagerDutySettings, deps: SinkDeps): Sink {
  const http = openHttp(settings, deps);
  const { host } = new URL(settings.baseUrl);

  async function enqueue(path: string, event: object, signal: AbortSignal): Promise<Outcome> {
    const body = JSON.stringify({ routing_key: settings.routingKey.reveal(), ...event });
    const headers = { 'content-type': 'application/json' };
    const wantsText = (status: number) => status === 400;
    return meaningOf(await http({ url: `${settings.baseUrl}${path}`, headers, body, wantsText }, signal), host);
  }

  return {
    name: settings.name,
    type: settings.type,
    async send({ notice }, signal) {
      const dedup_key = notice.incident_id;
      if (dedup_key.length > DEDUP_KEY_CHARACTERS)
        return { kind: 'refused', why: 'the id of the incident is too long' };
      if (isChange(notice)) {
        if (notice.transition !== 'opened' || RULESET_KEY.test(settings.routingKey.reveal())) return { kind: 'taken' };
        return await enqueue('/v2/change/enqueue', changeOf(partsOf(notice)), signal);
      }
      const action = actionOf(notice);
      if (action === null) return { kind: 'taken' };
      if (action !== 'trigger') return await enqueue('/v2/enqueue', { event_action: action, dedup_key }, signal);
      const event = { event_action: action, dedup_key, client: 'Tripline', ...partsOf(notice) };
      return await enqueue('/v2/enqueue', event, signal);
    },
  };
}

/** @returns null = nothing that PagerDuty would have to know */
function actionOf({ transition, status, loud }: Notice): Action | null {
  if (transition === 'acknowledged') return 'acknowledge';
  if (status === 'resolved' || status === 'expired') return 'resolve';
  return loud ? 'trigger' : null;
}

function isChange({ event }: Notice): boolean {
  const { detail } = event.evidence;
  return event.severity === 'info' && typeof detail === 'string' && CHANGES.has(detail.split(':', 1)[0] ?? '');
}

const partsOf = (notice: Notice): PagerDutyParts => pagerDutyPayload(messageOf(notice));

const changeOf = ({ payload, links }: PagerDutyParts) => {
  const { summary, source, timestamp, custom_details } = payload;
  return { payload: { summary, source, timestamp, custom_details }, links };
};

/** Fields that an answer may name: nothing else of its text is repeated, as it may carry the key. */
const FIELDS = /\b(routing_key|event_action|dedup_key|summary|source|severity|timestamp|custom_details|links|images)\b/;

function meaningOf(answer: HttpAnswer, host: string): Outcome {
  const field = answer.kind === 'answer' ? FIELDS.exec(answer.text)?.[1] : undefined;
  const outcome = outcomeOf(answer, host, field === undefined ? undefined : `it objects to ${field}`);
  // no event with this key will ever be taken
  if (outcome.kind === 'refused' && field === 'routing_key') return { kind: 'closed', why: outcome.why };
  if (outcome.kind === 'retry' && answer.kind === 'answer' && answer.status === 429)
    return { ...outcome, afterMs: Math.max(outcome.afterMs, TOO_MANY_MS) };
  return outcome;
}
