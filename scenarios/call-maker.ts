import type { Call } from './call.ts';
import type { Effect, FailureKind } from './effect.ts';
import { NO_EFFECT } from './effect.ts';
import type { Environment, EnvironmentPool } from './environment.ts';
import { uuid } from './event-text.ts';
import type { PlannedIncident } from './plan.ts';
import type { FunctionProfile } from './profile.ts';
import type { Random } from './random.ts';
import { MINUTE_MS } from './rhythm.ts';

const HARMLESS_NEW_ERRORS = ['DeprecationError', 'OptionalFieldError', 'RetryableError'];

interface Outcome {
  readonly durationMs: number;
  readonly failure: FailureKind | null;
  readonly errorType: string | null;
}

/** Draws what happens in each call of one function, in order of time, and counts what incidents touched. */
export class CallMaker {
  readonly #profile: FunctionProfile;
  readonly #random: Random;
  readonly #pool: EnvironmentPool;
  #medianMs: number;
  #errorTypes: readonly string[];
  #singlesOf: PlannedIncident | null = null;
  #singlesDone = 0;
  /** the call in hand shows the incident */
  #touched = false;

  constructor(profile: FunctionProfile, random: Random, pool: EnvironmentPool) {
    this.#profile = profile;
    this.#random = random;
    this.#pool = pool;
    this.#medianMs = profile.durationMedianMs;
    this.#errorTypes = profile.errorTypes;
  }

  /** A new version: a little slower or faster than the first one, sometimes with an error type nobody had seen. */
  deploy(durationFactor: number): void {
    const before = this.#medianMs / this.#profile.durationMedianMs;
    // one deploy moves by up to 20 %, and two together stay within it
    this.#medianMs = this.#profile.durationMedianMs * Math.min(1.2, Math.max(0.8, before * durationFactor));
    if (this.#random.chance(0.3))
      this.#errorTypes = [...this.#profile.errorTypes, this.#random.pick(HARMLESS_NEW_ERRORS)];
  }

  /**
   * The call that arrives at `atMs`.
   * @param load this minute's expected calls over the function's mean
   */
  make(
    atMs: number,
    load: number,
    incident: PlannedIncident | null,
    effectNow: Effect,
  ): { call: Call; environment: Environment } {
    const effect = this.#isHit(atMs, incident, effectNow) ? effectNow : NO_EFFECT;
    this.#touched = (effect.rate ?? 1) > 1 || effect.extraPerMinute !== undefined;
    const profile = this.#profile;
    const memorySizeMb = this.#changed(effect.memorySizeMb) ?? profile.memorySizeMb;
    const environment = this.#environment(atMs, effect);
    const initMs = environment.bornMs === atMs ? this.#initMs(effect) : null;
    const startMs = atMs + Math.round(initMs ?? 0);
    const usedMb = this.#memoryUsedMb(environment, atMs, incident, effect);
    const outcome = this.#outcome(load, initMs !== null, usedMb >= memorySizeMb, effect);
    const call = this.#call(startMs, initMs, memorySizeMb, usedMb, outcome, effect);
    environment.memoryUsedMb = call.memoryUsedMb;
    environment.busyUntilMs = call.endMs + 1;
    if (outcome.failure === null || outcome.failure === 'handler') this.#pool.keep(environment);
    this.#count(incident);
    return { call, environment };
  }

  #count(incident: PlannedIncident | null): void {
    if (incident !== null) incident.label.affectedCalls += Number(this.#touched);
  }

  /** Marks the call as touched where the effect changes something, and passes the change on. */
  #changed<T>(value: T | undefined): T | undefined {
    if (value !== undefined) this.#touched = true;
    return value;
  }

  #hits(share: number | undefined): boolean {
    if (share === undefined || !this.#random.chance(share)) return false;
    this.#touched = true;
    return true;
  }

  /** True for every call of most incidents; for the first call after each of a few moments of the others. */
  #isHit(atMs: number, incident: PlannedIncident | null, effectNow: Effect): boolean {
    const singles = incident?.shape.singleCalls;
    if (incident === null || singles === undefined || effectNow === NO_EFFECT) return effectNow !== NO_EFFECT;
    if (this.#singlesOf !== incident) {
      this.#singlesOf = incident;
      this.#singlesDone = 0;
    }
    const { onsetMs, endMs } = incident.label;
    const dueMs = onsetMs + (this.#singlesDone / singles) * (endMs - onsetMs);
    if (this.#singlesDone >= singles || atMs < dueMs) return false;
    this.#singlesDone++;
    return true;
  }

  #environment(atMs: number, effect: Effect): Environment {
    const warm = this.#pool.warm(atMs);
    if (warm !== null && !this.#hits(effect.coldShare)) return warm;
    return this.#pool.start(atMs); // a warm one that a storm passes over is gone
  }

  #initMs(effect: Effect): number {
    return this.#profile.initMs * Math.exp(0.15 * this.#random.normal()) * (effect.initFactor ?? 1);
  }

  #memoryUsedMb(environment: Environment, atMs: number, incident: PlannedIncident | null, effect: Effect): number {
    const { memorySizeMb, memoryBaseShare } = this.#profile;
    const base = memorySizeMb * memoryBaseShare;
    let usedMb = base * (1 + 0.04 * Math.abs(this.#random.normal()));
    const leak = this.#changed(effect.leakPerMinute);
    if (leak !== undefined && incident !== null) {
      const minutes = (atMs - Math.max(environment.bornMs, incident.label.onsetMs)) / MINUTE_MS;
      usedMb += (memorySizeMb - base) * leak * minutes;
    }
    return Math.max(environment.memoryUsedMb, Math.round(usedMb));
  }

  #outcome(load: number, cold: boolean, full: boolean, effect: Effect): Outcome {
    const random = this.#random;
    const profile = this.#profile;
    let durationMs = this.#medianMs * Math.exp(profile.durationSigma * random.normal()) * (cold ? 1.6 : 1);
    if (random.chance(profile.slowShare)) durationMs *= profile.slowFactor;
    durationMs *= 1 + profile.loadSensitivity * Math.min(1, Math.max(-0.5, load - 1));
    durationMs *= this.#changed(effect.durationFactor) ?? 1;
    if (this.#hits(effect.tailShare)) durationMs *= effect.tailFactor ?? 1;
    if (full) return { durationMs, failure: 'oom', errorType: null };
    const failure = this.#hits(effect.failShare) ? (effect.failKind ?? 'handler') : null;
    if (failure === 'timeout' || durationMs >= profile.timeoutMs)
      return { durationMs: profile.timeoutMs, failure: 'timeout', errorType: null };
    if (failure !== null)
      return {
        durationMs,
        failure,
        errorType: failure === 'handler' ? (effect.errorType ?? random.pick(profile.errorTypes)) : null,
      };
    if (random.chance(profile.errorShare))
      return { durationMs, failure: 'handler', errorType: random.pick(this.#errorTypes) };
    return { durationMs, failure: null, errorType: null };
  }

  #status(failure: FailureKind | null, effect: Effect): number | null {
    const { statusShape, deniedShare } = this.#profile;
    if (statusShape === null) return null;
    const random = this.#random;
    if (this.#hits(effect.deniedShare) || random.chance(deniedShare)) return random.chance(0.5) ? 401 : 403;
    if (failure !== null) return 500;
    return random.chance(0.03) ? 404 : 200;
  }

  #call(
    startMs: number,
    initMs: number | null,
    memorySizeMb: number,
    usedMb: number,
    outcome: Outcome,
    effect: Effect,
  ): Call {
    const random = this.#random;
    const profile = this.#profile;
    const { failure } = outcome;
    const oldTimeout = failure === 'timeout' && profile.failureStyle === 'old' && profile.dialect !== 'json';
    const durationMs = Math.max(0.8, outcome.durationMs) + (oldTimeout ? random.between(0.5, 9) : 0);
    const traced = profile.xray && random.chance(0.5);
    const requestId = uuid(random.word(), random.word(), random.word(), random.word());
    const tx = profile.txMedianBytes * Math.exp(0.4 * random.normal());
    const sends = effect.egressFactor !== undefined && this.#hits(effect.egressShare ?? 1);
    const cpuShare = this.#changed(effect.cpuShare) ?? profile.cpuShare * random.between(0.85, 1.15);
    return {
      profile,
      version: this.#pool.version,
      requestId,
      startMs,
      endMs: startMs + Math.max(1, Math.round(durationMs)),
      durationMs,
      billedMs: Math.ceil((oldTimeout ? profile.timeoutMs : durationMs) + (initMs ?? 0)),
      memorySizeMb,
      memoryUsedMb: failure === 'oom' ? memorySizeMb : Math.min(memorySizeMb, usedMb),
      initMs,
      failure,
      errorType: outcome.errorType,
      status: this.#status(failure, effect),
      secret: this.#hits(effect.secretShare),
      chatter: random.chance(profile.chatterShare),
      traceId: traced
        ? `1-${Math.floor(startMs / 1000).toString(16)}-${requestId.replaceAll('-', '').slice(0, 24)}`
        : null,
      txBytes: Math.round(tx * (sends ? (effect.egressFactor ?? 1) : 1)),
      rxBytes: Math.round(tx * 0.7 + 500),
      cpuMs: durationMs * Math.min(1, cpuShare),
    };
  }
}
