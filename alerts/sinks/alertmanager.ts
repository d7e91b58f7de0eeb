import type { Notice } from '../notice.ts';
import { alertmanagerPartsOf } from './bodies.ts';
import { openHttp } from './http.ts';
import { outcomeOf } from './outcome.ts';
import type { AlertmanagerSettings } from './settings.ts';
import type { Outcome, Sink } from './sink.ts';
import type { SinkDeps } from './slack-webhook.ts';

/** An alert ends by itself after so many refreshes that did not come. */
const MISSED_REFRESHES = 4;
/** Alerts of one refresh request: a body of about a megabyte. */
const AT_ONCE = 500;

/**
 * Prometheus Alertmanager v2. It forgets what it is not told again, so open incidents are refreshed; each says that it ends
 * four refreshes from now, so that it outlives a few lost ones and a restart, and ends by itself when we are gone for good.
 */
export function alertmanager(settings: AlertmanagerSettings, deps: SinkDeps): Sink {
  const http = openHttp(settings, deps);
  const url = `${settings.url}/api/v2/alerts`;
  const { host } = new URL(url);

  async function post(notices: readonly Notice[], signal: AbortSignal): Promise<Outcome> {
    const nowMs = deps.nowMs();
    const alerts = notices.map((notice) => alertOf(notice, nowMs, nowMs + MISSED_REFRESHES * settings.refreshMs));
    const headers = { 'content-type': 'application/json', ...authorization(settings) };
    return outcomeOf(await http({ url, headers, body: JSON.stringify(alerts) }, signal), host);
  }

  return {
    name: settings.name,
    type: settings.type,
    send: ({ notice }, signal) => post([notice], signal),
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

/** Times are the receiver's kind, not the event's: one that ends in the past is resolved, one that begins after its end is refused. */
function alertOf(notice: Notice, nowMs: number, endsMs: number): object {
  const isOver = notice.status === 'resolved' || notice.status === 'expired';
  const endMs = isOver ? nowMs : endsMs;
  const startMs = Math.min(Date.parse(notice.opened_at), nowMs);
  return {
    ...alertmanagerPartsOf(notice),
    startsAt: new Date(startMs).toISOString(),
    endsAt: new Date(endMs).toISOString(),
  };
}

function authorization({ auth }: AlertmanagerSettings): Record<string, string> {
  if (auth === null) return {};
  if ('bearerToken' in auth) return { authorization: `Bearer ${auth.bearerToken.reveal()}` };
  const credentials = Buffer.from(`${auth.username}:${auth.password.reveal()}`).toString('base64');
  return { authorization: `Basic ${credentials}` };
}
