/** How a call can go wrong. `handler` = an exception of the function's own code; `exit` = the process died. */
export type FailureKind = 'handler' | 'exit' | 'timeout' | 'oom';

/** What an incident (or a benign surprise) does to the calls of a function at one moment; absent = nothing. */
export interface Effect {
  /** factor on the arrivals: > 1 adds calls, < 1 takes some away, 0 silences */
  readonly rate?: number;
  /** calls a minute on top, whatever the rhythm */
  readonly extraPerMinute?: number;
  readonly durationFactor?: number;
  /** share of the calls that take `tailFactor` times as long */
  readonly tailShare?: number;
  readonly tailFactor?: number;
  readonly failShare?: number;
  readonly failKind?: FailureKind;
  /** error type of the failures; absent = one that the function is known to have */
  readonly errorType?: string;
  readonly egressFactor?: number;
  readonly egressShare?: number;
  /** cpu time as a share of the duration */
  readonly cpuShare?: number;
  /** share of the calls that meet a fresh environment */
  readonly coldShare?: number;
  readonly initFactor?: number;
  /** memory that an environment gains a minute, as a share of its headroom */
  readonly leakPerMinute?: number;
  readonly memorySizeMb?: number;
  readonly deniedShare?: number;
  /** share of the calls that print something secret-shaped */
  readonly secretShare?: number;
  /** true = from here the function runs a new version */
  readonly newVersion?: boolean;
}

export const NO_EFFECT: Effect = {};

/** An incident that hits a few single calls does its effect to these only: the first call after each moment. */
export interface Shape {
  /** the effect so many minutes after the onset */
  readonly at: (minutes: number) => Effect;
  /** minutes until the effect passes the floor; 0 for anything but ramps */
  readonly floorMinutes: number;
  /** number of single calls hit; absent = every call (or the shares above) */
  readonly singleCalls?: number;
}

/** An effect that is the same from onset to end. */
export function constant(effect: Effect): Shape {
  return { at: () => effect, floorMinutes: 0 };
}

/** `count` single calls, spread over the incident. */
export function single(count: number, effect: Effect): Shape {
  return { at: () => effect, floorMinutes: 0, singleCalls: count };
}
