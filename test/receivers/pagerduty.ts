import { isJson, objectIn, openReceiver, type Received, type Receiver, type Reply } from './receiver.ts';

export interface PagerDutyIncident {
  readonly dedupKey: string;
  status: 'triggered' | 'acknowledged' | 'resolved';
  readonly summaries: string[];
}

export interface PagerDutyReceiver extends Receiver {
  /** every incident that was ever opened, oldest first: a trigger after a resolve opens another under the same key */
  readonly incidents: readonly PagerDutyIncident[];
  readonly changes: readonly string[];
  /** acknowledge and resolve of what is not open: accepted and dropped, as there */
  readonly dropped: readonly string[];
  readonly objections: readonly string[];
}

export const ROUTING_KEY = '0123456789abcdefHIDDEN9876543210';
const EVENT_BYTES = 512 * 1024;
const SEVERITIES = ['critical', 'error', 'warning', 'info'];
const FIELDS = ['routing_key', 'event_action', 'dedup_key', 'payload', 'images', 'links', 'client', 'client_url'];
const PAYLOAD_FIELDS = ['summary', 'source', 'severity', 'timestamp', 'component', 'group', 'class', 'custom_details'];

type Json = Readonly<Record<string, unknown>>;

/** PagerDuty's Events API v2 with one service. */
export async function openPagerDuty(): Promise<PagerDutyReceiver> {
  const incidents: PagerDutyIncident[] = [];
  const changes: string[] = [];
  const dropped: string[] = [];
  const objections: string[] = [];

  function answer(request: Received): Reply {
    const event = objectIn(request.body);
    const isChange = request.path === '/v2/change/enqueue';
    if (!isChange && request.path !== '/v2/enqueue') return { status: 404 };
    const errors = event === null ? ['not a JSON object'] : problemsOf(request, event, isChange);
    if (event === null || errors.length > 0) {
      objections.push(...errors);
      const body = JSON.stringify({ status: 'invalid event', message: 'Event object is invalid', errors });
      return { status: 400, body };
    }
    if (isChange) changes.push(String((event['payload'] as Json)['summary']));
    else take(event, incidents, dropped);
    const { dedup_key } = event;
    return { status: 202, body: JSON.stringify({ status: 'success', message: 'Event processed', dedup_key }) };
  }

  return { ...(await openReceiver(answer)), incidents, changes, dropped, objections };
}

function take(event: Json, incidents: PagerDutyIncident[], dropped: string[]): void {
  const { event_action: action, dedup_key: key } = event;
  const open = incidents.find(({ dedupKey, status }) => dedupKey === key && status !== 'resolved');
  if (action === 'trigger') {
    const summary = String((event['payload'] as Json)['summary']);
    if (open === undefined) incidents.push({ dedupKey: String(key), status: 'triggered', summaries: [summary] });
    else open.summaries.push(summary);
  } else if (open === undefined) dropped.push(`${action} ${key}`);
  else open.status = action === 'resolve' ? 'resolved' : 'acknowledged';
}

function problemsOf(request: Received, event: Json, isChange: boolean): string[] {
  const { routing_key: key, event_action: action, dedup_key: dedup, payload } = event;
  const problems: (string | false)[] = [
    request.method !== 'POST' && 'not a POST',
    !isJson(request) && 'not application/json',
    Buffer.byteLength(request.body) > EVENT_BYTES && 'event is larger than 512 KB',
    (typeof key !== 'string' || key.length !== 32) && "Length of 'routing_key' is incorrect (should be 32 characters)",
    key !== ROUTING_KEY && "'routing_key' is not known",
    ...Object.keys(event).map((name) => !FIELDS.includes(name) && `unknown field '${name}'`),
  ];
  if (isChange) {
    problems.push(String(key).startsWith('R') && "'routing_key' of a ruleset", ...payloadProblems(payload, false));
    problems.push((action ?? dedup) !== undefined && "'event_action' does not belong to a change");
  } else {
    const isAction = ['trigger', 'acknowledge', 'resolve'].includes(String(action));
    problems.push(!isAction && "'event_action' is invalid", typeof dedup === 'string' && dedup.length > 255 && "'dedup_key' is too long");
    if (action === 'trigger') problems.push(...payloadProblems(payload, true));
    else problems.push(typeof dedup !== 'string' && "'dedup_key' is missing");
  }
  problems.push(...linkProblems(event['links']));
  return problems.filter((it) => it !== false);
} // biome-ignore format: one rule a line reads as a table

function payloadProblems(payload: unknown, isTrigger: boolean): (string | false)[] {
  if (payload === null || typeof payload !== 'object') return ["'payload' is missing"];
  const { summary, source, severity, timestamp, custom_details: details } = payload as Json;
  return [
    (typeof summary !== 'string' || summary === '') && "'payload.summary' is missing or blank",
    typeof summary === 'string' && summary.length > 1024 && "'payload.summary' is longer than 1024",
    isTrigger && (typeof source !== 'string' || source === '') && "'payload.source' is missing or blank",
    isTrigger && !SEVERITIES.includes(String(severity)) && "'payload.severity' is invalid",
    timestamp !== undefined && !/^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:?\d\d)$/.test(String(timestamp)) && "'payload.timestamp' is invalid",
    details !== undefined && (details === null || typeof details !== 'object') && "'payload.custom_details' is no object",
    ...Object.keys(payload).map((name) => !PAYLOAD_FIELDS.includes(name) && `unknown field 'payload.${name}'`),
  ];
} // biome-ignore format: one rule a line reads as a table

function linkProblems(links: unknown): (string | false)[] {
  if (links === undefined) return [];
  if (!Array.isArray(links)) return ["'links' is no list"];
  return links.map((link: Json) => !/^https?:\/\//.test(String(link['href'])) && "'links' without href");
}
