import { randomUUID } from 'node:crypto';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as wait } from 'node:timers/promises';
import { loadConfig } from '../../app/config.ts';
import { processIo } from '../../app/process-io.ts';
import type { RoleContext } from '../../app/roles/context.ts';
import { runHost } from '../../app/roles/host.ts';
import { encodeAlert, encodeTime } from '../../app/roles/messages.ts';
import { runNotify } from '../../app/roles/notify.ts';
import { Outbound } from '../../app/roles/outbound.ts';
import { eventOf, type Plan } from './alerts.ts';

/**
 * `worker.js CONFIG`: the process that the storm breaks over. It hosts the notify role as `tripline run` does, and, in the
 * place of detection (one process at a time may have the local log), a role that says alerts as the fleet stage does, when
 * the parent asks for it.
 */
export type Order =
  | { readonly say: 'opened' | 'resolved'; readonly plan: Plan; readonly duringMs: number }
  /** event time runs ahead by so much, in steps of a minute */
  | { readonly leapMs: number };

export interface Sample {
  readonly rssBytes: number;
  readonly peakRssBytes: number;
  /** longest wait of the event loop since the sample before, ms */
  readonly stallMs: number;
  /** alerts said so far, opened and resolved */
  readonly said: number;
}

/** As live: what was said within a flush is published together; how far time is, every five seconds. */
const FLUSH_MS = 250;
const TIME_EVERY_MS = 5000;
const SAMPLE_MS = 500;
const MINUTE_MS = 60_000;
const BEAT_MS = 1000;
const DEADLINE_MS = 60_000;
const STALL_RESOLUTION_MS = 10;
const NANOSECONDS_A_MS = 1e6;

const tell = (message: object): void => void process.send?.(message);

/** What the fleet stage does once it knows what to say: numbered, in one order, with the time in between. */
class Mouth {
  readonly #epoch = randomUUID();
  readonly #outbound: Outbound;
  #n = 0;
  #timeMs = 0;
  #aheadMs = 0;
  #startedMs = 0;
  said = 0;

  constructor({ topics }: RoleContext) {
    this.#outbound = new Outbound(topics.alerts, 0);
  }

  async say({ say, plan, duringMs }: Extract<Order, { say: string }>): Promise<void> {
    const beganMs = Date.now();
    if (say === 'opened') this.#startedMs = beganMs;
    for (let done = 0; done < plan.alerts; await wait(FLUSH_MS)) {
      const share = Math.min(1, (Date.now() - beganMs + FLUSH_MS) / duringMs);
      const due = Math.floor(plan.alerts * share);
      const records: Uint8Array[] = [];
      const atMs = Date.now() + this.#aheadMs;
      for (; done < due; done++) {
        const event = eventOf(done, say, plan, atMs, this.#startedMs);
        records.push(encodeAlert({ epoch: this.#epoch, n: ++this.#n, event }));
        this.said++;
      }
      await this.#outbound.publish(records);
      await this.time();
    }
    await this.#outbound.settle();
  }

  async leap(leapMs: number): Promise<void> {
    for (let leftMs = leapMs; leftMs > 0; leftMs -= MINUTE_MS) {
      this.#aheadMs += Math.min(leftMs, MINUTE_MS);
      await this.time();
      await wait(FLUSH_MS);
    }
  }

  async time(): Promise<void> {
    const timeMs = Date.now() + this.#aheadMs;
    if (timeMs < this.#timeMs + TIME_EVERY_MS) return;
    this.#timeMs = timeMs;
    await this.#outbound.publish([encodeTime({ epoch: this.#epoch, n: ++this.#n, timeMs })]);
  }
}

async function runStorm(context: RoleContext): Promise<void> {
  const { signal, health } = context;
  const component = health.register('storm', { deadlineMs: DEADLINE_MS });
  component.ready(true);
  const mouth = new Mouth(context);
  const delay = monitorEventLoopDelay({ resolution: STALL_RESOLUTION_MS });
  delay.enable();
  const sampling = setInterval(() => {
    component.beat();
    const { rss } = process.memoryUsage();
    const peakRssBytes = process.resourceUsage().maxRSS * 1024;
    tell({ rssBytes: rss, peakRssBytes, stallMs: delay.max / NANOSECONDS_A_MS, said: mouth.said } satisfies Sample);
    delay.reset();
  }, SAMPLE_MS);
  let doing: Promise<void> = Promise.resolve();
  process.on('message', (order: Order) => {
    doing = doing.then(async () => {
      if ('say' in order) await mouth.say(order);
      else await mouth.leap(order.leapMs);
      tell({ done: true });
    });
  });
  process.channel?.unref();
  while (!signal.aborted) {
    await wait(BEAT_MS, undefined, { signal }).catch(() => {});
    doing = doing.then(() => mouth.time());
    await doing;
  }
  clearInterval(sampling);
  component.ended();
}

const file = process.argv[2]!;
const reread = () => loadConfig(file, process.env);
await runHost({
  name: 'run',
  config: reread(),
  file,
  reread,
  model: undefined,
  io: processIo(),
  version: 'storm',
  roles: async () => [
    { name: 'storm', run: runStorm },
    { name: 'notify', run: runNotify },
  ],
  needsStore: true,
});
process.stdin.destroy();
process.disconnect?.();
