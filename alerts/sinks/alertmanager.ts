import { type AlertmanagerParts, alertmanagerParts } from '../message/alertmanager.ts';
import { messageOf } from '../message/message.ts';
import type { Notice } from '../notice.ts';
import { openHttp } from './http.ts';
import { outcomeOf } from './outcome.ts';
import type { AlertmanagerSettings } from './settings.ts';
import type { Outcome, Sink } from './sink.ts';
import type { SinkDeps } from './slack-webhook.ts';

/** An alert ends by itself after so many refreshes that did not come. */
const MISSED_REFRESHES = 4;
/** Alerts of one refresh request: a body of about a megabyte. */
const AT_ONCE = 500;

type Labels = AlertmanagerParts['labels'];

/** What is told again at each refresh, written once. */
interface Told extends AlertmanagerParts {
  readonly version: number;
}

/**
 * Prometheus Alertmanager v2. Labels are an alert's identity there, so those of the first notice are kept for all others. It forgets what it is not told again, so open incidents are refreshed; each says that it ends
 * four refreshes from now, so that it outlives a few lost ones and a restart, and ends by itself when we are gone for good.
 */
export function alertmanager(settings: AlertmanagerSettings, deps: SinkDeps): Sink {
  const http = openHttp(settings, deps);
  const url = `${settings.url}/api/v2/alerts`;
  const { host } = new URL(url);

  /** by incident: of what is open */
  const known = new Map<string, Told>();

  async function post(notices: readonly Notice[], signal: AbortSignal): Promise<Outcome> {
    const nowMs = deps.nowMs();
    const endsMs = nowMs + MISSED_REFRESHES * settings.refreshMs;
    const alerts = notices.map((notice) => {
      const { labels, annotations } = partsOf(notice);
      return { labels, annotations, ...timesOf(notice, nowMs, endsMs) };
    });
    const headers = { 'content-type': 'application/json', ...authorization(settings) };
    return outcomeOf(await http({ url, headers, body: JSON.stringify(alerts) }, signal), host);
  }

  function partsOf(notice: Notice, labels?: Labels): Told {
    const { incident_id, version } = notice;
    const told = known.get(incident_id);
    if (told?.version === version) return told;
    const parts = alertmanagerParts(messageOf(notice));
    const newer = { version, labels: labels ?? told?.labels ?? parts.labels, annotations: parts.annotations };
    known.set(incident_id, newer);
    return newer;
  }

  return {
    name: settings.name,
    type: settings.type,
    async send({ notice, memory }, signal) {
      const { labels } = partsOf(notice, isLabels(memory) ? memory : undefined);
      const outcome = await post([notice], signal);
      if (!isLasting(notice)) known.delete(notice.incident_id);
      return outcome.kind === 'taken' ? { kind: 'taken', memory: labels } : outcome;
    },
    refresh: {
      everyMs: settings.refreshMs,
      async run(notices, signal) {
        const lasting = notices.filter(isLasting);
        for (let i = 0; i < lasting.length; i += AT_ONCE) {
          const outcome = await post(lasting.slice(i, i + AT_ONCE), signal);
          if (outcome.kind !== 'taken') return outcome;
        }
        return { kind: 'taken' };
      },
    },
  };
}

/** A digest tells of a storm once; nothing would ever end it. */
const isLasting = ({ status, transition }: Notice): boolean =>
  transition !== 'digest' && (status === 'open' || status === 'acknowledged');

/** By the wall clock, as the receiver's own: what ends in the past is resolved, what begins after its end is refused. */
function timesOf({ status, opened_at }: Notice, nowMs: number, endsMs: number) {
  const isOver = status === 'resolved' || status === 'expired';
  return {
    startsAt: new Date(Math.min(Date.parse(opened_at), nowMs)).toISOString(),
    endsAt: new Date(isOver ? nowMs : endsMs).toISOString(),
  };
}

const isLabels = (memory: unknown): memory is Labels => memory !== null && typeof memory === 'object';

function authorization({ auth }: AlertmanagerSettings): Record<string, string> {
  if (auth === null) return {};
  if ('bearerToken' in auth) return { authorization: `Bearer ${auth.bearerToken.reveal()}` };
  const credentials = Buffer.from(`${auth.username}:${auth.password.reveal()}`).toString('base64');
  return { authorization: `Basic ${credentials}` };
}
