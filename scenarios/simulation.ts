import { appLines } from './app-lines.ts';
import { Arrivals } from './arrivals.ts';
import { CallMaker } from './call-maker.ts';
import type { Delivery } from './delivery.ts';
import { type Effect, NO_EFFECT } from './effect.ts';
import { EnvironmentPool } from './environment.ts';
import type { EventWriter } from './event-text.ts';
import type { Benign } from './labels.ts';
import { insightsEvent } from './lambda-insights.ts';
import { jsonEnd, jsonInit, jsonStart } from './lambda-json.ts';
import { textEnd, textInit, textStart } from './lambda-text.ts';
import type { PlannedIncident } from './plan.ts';
import type { FunctionProfile } from './profile.ts';
import { Random } from './random.ts';
import { MINUTE_MS } from './rhythm.ts';
import type { CallObserver, StreamBuffer } from './stream-buffer.ts';

/** START of a call that lasts longer than this is sent before the rest. */
const SENT_APART_MS = 8000;

/** What one function is told: itself, and everything that will happen to it. */
export interface Story {
  readonly profile: FunctionProfile;
  readonly incidents: readonly PlannedIncident[];
  readonly deploys: readonly Benign[];
  /** surges and quiet weekends */
  readonly tides: readonly Benign[];
}

/** Plays one function minute by minute and sends its log lines. */
export class FunctionSimulation {
  readonly #story: Story;
  readonly #writer: EventWriter;
  readonly #random: Random;
  readonly #arrivals: Arrivals;
  readonly #pool: EnvironmentPool;
  readonly #maker: CallMaker;
  readonly #open: StreamBuffer[] = [];
  #nextIncident = 0;
  #nextDeploy = 0;
  /** the incident whose own new version has been deployed */
  #poisonedBy: PlannedIncident | null = null;
  invocations = 0;

  constructor(story: Story, seed: number, delivery: Delivery, writer: EventWriter, observe: CallObserver | null) {
    const random = new Random(seed, 'simulation', story.profile.index);
    this.#story = story;
    this.#writer = writer;
    this.#random = random;
    this.#arrivals = new Arrivals(story.profile, new Random(seed, 'arrivals', story.profile.index));
    this.#pool = new EnvironmentPool(story.profile, random, delivery, observe);
    this.#maker = new CallMaker(story.profile, random, this.#pool);
  }

  minute(ms: number): void {
    const incident = this.#incidentAt(ms);
    const times: number[] = [];
    this.#arrivals.minute(ms, this.#tideAt(ms), times);
    const kept = incident === null ? times : this.#bend(times, incident, ms);
    if (kept.length === 0) return;
    kept.sort((a, b) => a - b);
    const load = this.#arrivals.expected / Math.max(this.#story.profile.traffic.perMinute, 1e-9);
    for (const atMs of kept) {
      this.#deployUntil(atMs, incident);
      this.#send(this.#maker.make(atMs, load, incident, this.#effectAt(atMs, incident)));
    }
    for (const buffer of this.#open) buffer.flush();
    this.#open.length = 0;
  }

  #incidentAt(ms: number): PlannedIncident | null {
    const { incidents } = this.#story;
    while ((incidents[this.#nextIncident]?.label.endMs ?? Number.POSITIVE_INFINITY) <= ms) {
      this.#nextIncident++;
    }
    const next = incidents[this.#nextIncident];
    return next !== undefined && next.label.onsetMs < ms + MINUTE_MS ? next : null;
  }

  #effectAt(ms: number, incident: PlannedIncident | null): Effect {
    if (incident === null || ms < incident.label.onsetMs || ms >= incident.label.endMs) return NO_EFFECT;
    return incident.shape.at((ms - incident.label.onsetMs) / MINUTE_MS);
  }

  #tideAt(ms: number): number {
    let factor = 1;
    const people = this.#story.profile.archetype === 'http' || this.#story.profile.archetype === 'sparse';
    for (const tide of this.#story.tides) {
      if (ms >= tide.fromMs && ms < tide.toMs && (people || tide.functions.length > 0)) factor *= tide.factor;
    }
    return factor;
  }

  /** Takes calls away from, or adds them to, the part of the minute that the incident covers. */
  #bend(times: readonly number[], incident: PlannedIncident, ms: number): number[] {
    const { label } = incident;
    const fromMs = Math.max(ms, label.onsetMs);
    const toMs = Math.min(ms + MINUTE_MS, label.endMs);
    const { rate = 1, extraPerMinute = 0 } = this.#effectAt(fromMs, incident);
    const kept = times.filter((atMs) => {
      if (rate >= 1 || atMs < fromMs || atMs >= toMs || this.#random.chance(rate)) return true;
      label.missingCalls++;
      return false;
    });
    const noise = this.#random.gammaOfMeanOne(this.#story.profile.traffic.noiseShape);
    const extra = Math.max(0, rate - 1) * this.#arrivals.expected * noise + extraPerMinute;
    if (extra > 0) this.#arrivals.spread((extra * (toMs - fromMs)) / MINUTE_MS, fromMs, toMs, kept);
    return kept;
  }

  #deployUntil(ms: number, incident: PlannedIncident | null): void {
    const { deploys } = this.#story;
    for (
      let deploy = deploys[this.#nextDeploy];
      deploy !== undefined && deploy.fromMs <= ms;
      deploy = deploys[++this.#nextDeploy]
    ) {
      this.#pool.deploy();
      this.#maker.deploy(deploy.factor);
    }
    if (this.#poisonedBy !== incident && this.#effectAt(ms, incident).newVersion === true) {
      this.#poisonedBy = incident;
      this.#pool.deploy();
    }
  }

  #send({ call, environment }: ReturnType<CallMaker['make']>): void {
    this.invocations++;
    const writer = this.#writer;
    const json = call.profile.dialect === 'json';
    const { logs, insights } = environment;
    const init = call.initMs === null ? '' : `${json ? jsonInit(call, writer) : textInit(call, writer)},`;
    const head = init + (json ? jsonStart(call, writer) : textStart(call, writer));
    const tail = json ? jsonEnd(call, appLines(call), writer) : textEnd(call, appLines(call), writer);
    if (call.endMs - call.startMs > SENT_APART_MS) {
      logs.add(head, call.startMs, call.startMs, null);
      logs.flush();
      logs.add(tail, call.endMs, call.endMs, call);
    } else {
      logs.add(`${head},${tail}`, call.startMs, call.endMs, call);
    }
    this.#open.push(logs);
    if (insights === null) return;
    const afterMs = call.endMs + 3;
    insights.add(insightsEvent(call, afterMs, writer), afterMs, afterMs, null);
    this.#open.push(insights);
  }
}
