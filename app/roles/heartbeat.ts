import { type Http, openHttp } from '../../alerts/sinks/http.ts';
import type { Log } from '../../infra/log.ts';
import type { Metrics } from '../../infra/metrics.ts';
import { type HeartbeatSettings, heartbeatUrl } from '../config-heartbeat.ts';

/** When event time went on last: what the desk hears comes through all of the pipeline. */
export class Pulse {
  readonly #elapsedMs: () => number;
  #newestMs = Number.NEGATIVE_INFINITY;
  #heardMs: number | null = null;

  /** @param elapsedMs a clock that never jumps, ms */
  constructor(elapsedMs: () => number) {
    this.#elapsedMs = elapsedMs;
  }

  /** @param timeMs how far event time is, ms since 1970; what was heard before says nothing */
  heard(timeMs: number): void {
    if (timeMs <= this.#newestMs) return;
    this.#newestMs = timeMs;
    this.#heardMs = this.#elapsedMs();
  }

  isAlive(withinMs: number): boolean {
    return this.#heardMs !== null && this.#elapsedMs() - this.#heardMs <= withinMs;
  }
}

export interface HeartbeatDeps {
  readonly pulse: Pulse;
  readonly log: Pick<Log, 'info' | 'warn'>;
  readonly notify: Pick<Metrics['notify'], 'pinged'>;
  readonly nowMs: () => number;
  /** @throws AbortError by the signal */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
  /** the guarded client unless told otherwise */
  readonly http?: Http;
}

type State = 'beating' | 'failing' | 'withheld' | 'starting';

/**
 * Pings until the signal, as long as event time goes on: so whoever waits for the pings notices a pipeline that is silent,
 * not only a process that is gone. Each change is told once. @throws {ConfigError} where the address cannot be read
 */
export async function keepBeating(
  settings: HeartbeatSettings,
  deps: HeartbeatDeps,
  signal: AbortSignal,
): Promise<void> {
  const { pulse, notify, wait, nowMs } = deps;
  const url = heartbeatUrl(settings).reveal();
  const http = deps.http ?? openHttp(settings, { nowMs });
  const become = changes(deps.log);
  try {
    for (;;) {
      if (pulse.isAlive(settings.aliveMs)) {
        const why = await ping(http, url, signal);
        notify.pinged(why === null ? 'answered' : 'failed');
        become(why === null ? 'beating' : 'failing', why);
      } else {
        notify.pinged('withheld');
        become('withheld', null);
      }
      await wait(settings.everyMs, signal);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** Why it was not heard; null = it was. The address is never told. */
async function ping(http: Http, url: string, signal: AbortSignal): Promise<string | null> {
  const answer = await http({ method: 'GET', url }, signal);
  if (answer.kind !== 'answer') return answer.why;
  const { status } = answer;
  return status >= 200 && status < 300 ? null : `${new URL(url).host} answers ${status}`;
}

function changes(log: HeartbeatDeps['log']): (state: State, why: string | null) => void {
  let state: State = 'starting';
  return (now, why) => {
    if (now === state) return;
    if (now === 'failing') log.warn('the heartbeat is not heard', { why });
    if (now === 'withheld' && state !== 'starting')
      log.warn('no heartbeat is sent: event time stands still, nothing comes through the pipeline');
    if (now === 'beating' && state !== 'starting') log.info('the heartbeat is heard again');
    state = now;
  };
}
