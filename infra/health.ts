import { isNativeError } from 'node:util/types';
import { cleanText } from './log-redact.ts';

/** One loop of the program, which says now and then that it goes on. */
export interface HealthComponent {
  /** Progress, or proof that there was nothing to do: at least once in `deadlineMs`. */
  beat(): void;
  /** Whether it does its work yet: assigned, restored, caught up. @param reason why not, for people */
  ready(isReady: boolean, reason?: string): void;
  /** Something that a person should look at while it does its work; null = nothing any more. */
  warn(reason: string | null): void;
  /** It has ended with this error and will not go on. */
  failed(error: unknown): void;
  /** It has ended as planned. Before `drain` that is a failure: nothing here ends by itself. */
  ended(): void;
}

export type ComponentStatus = 'running' | 'stuck' | 'failed' | 'ended';

export interface ComponentReport {
  readonly status: ComponentStatus;
  readonly seconds_since_progress: number;
  readonly deadline_seconds: number;
  readonly is_ready: boolean;
  /** why it is not ready, or what it failed of; absent where all is well */
  readonly reason?: string;
  /** what a person should look at; it is alive and ready nevertheless */
  readonly warning?: string;
}

export interface HealthReport {
  /** false: restart this process */
  readonly isAlive: boolean;
  /** false: send it no work yet */
  readonly isReady: boolean;
  /** why it is not ready, a line each */
  readonly reasons: readonly string[];
  /** what a person should look at although all is ready, a line each */
  readonly warnings: readonly string[];
  readonly components: Readonly<Record<string, ComponentReport>>;
}

export interface Health {
  /** @param deadlineMs without a beat for longer, the component is stuck; @throws {RangeError} on a second of this name */
  register(name: string, options: { readonly deadlineMs: number }): HealthComponent;
  /** The process ends on request: it is not ready any more, and loops may end. */
  drain(): void;
  report(): HealthReport;
}

interface State {
  readonly deadlineMs: number;
  lastMs: number;
  isReady: boolean;
  reason: string | null;
  warning: string | null;
  end: 'failed' | 'ended' | null;
}

/**
 * Who of the loops of this process is alive. A component is not ready until it says so, and a process without
 * components, which is starting, is alive and not ready.
 * @param nowMs a clock that never jumps, ms
 */
export function createHealth(nowMs: () => number = () => performance.now()): Health {
  const components = new Map<string, State>();
  let isDraining = false;
  return {
    register(name, { deadlineMs }) {
      if (components.has(name)) throw new RangeError(`health: a component ${name} is registered already`);
      const state: State = {
        deadlineMs,
        lastMs: nowMs(),
        isReady: false,
        reason: 'starting',
        warning: null,
        end: null,
      };
      components.set(name, state);
      return componentOf(state, nowMs);
    },
    drain() {
      isDraining = true;
    },
    report: () => reportOf(components, isDraining, nowMs()),
  };
}

function componentOf(state: State, nowMs: () => number): HealthComponent {
  return {
    beat() {
      state.lastMs = nowMs();
    },
    ready(isReady, reason = 'not ready') {
      if (state.end !== null) return; // how it ended is what counts
      state.isReady = isReady;
      state.reason = isReady ? null : cleanText(reason);
    },
    warn(reason) {
      state.warning = reason === null ? null : cleanText(reason);
    },
    failed(error) {
      state.end = 'failed';
      state.reason = cleanText(isNativeError(error) ? error.message : String(error));
    },
    ended() {
      if (state.end !== null) return; // a failure is not undone by the clean-up after it
      state.end = 'ended';
      state.reason = null;
    },
  };
}

function reportOf(components: ReadonlyMap<string, State>, isDraining: boolean, now: number): HealthReport {
  const reports = [...components].map(([name, state]) => [name, componentReport(state, now)] as const);
  const reasons = reports
    .filter(([, { status, is_ready }]) => status !== 'running' || !is_ready)
    .map(([name, { status, reason }]) => `${name}: ${reason ?? status}`);
  const warnings = reports.flatMap(([name, { warning }]) => (warning === undefined ? [] : [`${name}: ${warning}`]));
  if (reports.length === 0) reasons.push('starting');
  if (isDraining) reasons.unshift('shutting down');
  const isFine = (status: ComponentStatus) => status === 'running' || (isDraining && status === 'ended');
  return {
    isAlive: reports.every(([, { status }]) => isFine(status)),
    isReady: reasons.length === 0,
    reasons,
    warnings,
    components: Object.fromEntries(reports),
  };
}

function componentReport(state: State, now: number): ComponentReport {
  const sinceMs = now - state.lastMs;
  const status = state.end ?? (sinceMs > state.deadlineMs ? 'stuck' : 'running');
  const seconds = Math.round(sinceMs / 100) / 10;
  const why = status === 'stuck' ? `no progress for ${Math.round(sinceMs / 1000)} s` : state.reason;
  return {
    status,
    seconds_since_progress: seconds,
    deadline_seconds: state.deadlineMs / 1000,
    is_ready: state.isReady,
    ...(why === null ? {} : { reason: why }),
    ...(state.warning === null ? {} : { warning: state.warning }),
  };
}
