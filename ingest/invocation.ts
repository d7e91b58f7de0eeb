import type { FunctionIdentity } from './fragment.ts';

/**
 * One attempt of one invocation, normalised: what the fragments of an attempt add up to, in the words and units that the
 * project documents. Names follow OpenTelemetry semantic conventions 1.44 (FaaS, stability "development") where one
 * exists; the store's columns are these fields in its own units. Null = the logs do not say: never 0, never "success".
 * `provider`, `account`, `region`, `name` are `cloud.provider`, `cloud.account.id`, `cloud.region` and `faas.name`; the region
 * comes from the envelope or the configuration, never from an ARN inside a line, so that all sources agree.
 */
export interface Invocation extends FunctionIdentity {
  /** end of the attempt, Unix ms, event time */
  readonly timeUnixMs: number;
  /** `faas.version`: `$LATEST` or a number */
  readonly functionVersion: string | null;
  /** `faas.instance`: the log stream, which is one execution environment */
  readonly instance: string | null;
  /** `faas.invocation_id`: asynchronous retries repeat it */
  readonly invocationId: string | null;
  /** `faas.coldstart`: an init or a restore came before it */
  readonly coldStart: boolean | null;
  /** wall time of the handler, µs */
  readonly durationUs: number | null;
  /** as reported, never recomputed, µs */
  readonly billedUs: number | null;
  readonly initUs: number | null;
  readonly restoreUs: number | null;
  readonly billedRestoreUs: number | null;
  /** `faas.max_memory`, KiB (Lambda's MB are MiB) */
  readonly memorySizeKib: number | null;
  readonly memoryUsedKib: number | null;
  /** `unknown`: a text REPORT without Status, which looks the same when the handler threw */
  readonly outcome: 'success' | 'error' | 'timeout' | 'oom' | 'unknown';
  /** `error.type`, such as `Runtime.ExitError` */
  readonly errorType: string | null;
  /** bytes sent and received, from one source for one function: they must not share a baseline */
  readonly egressBytes: number | null;
  readonly ingressBytes: number | null;
  readonly egressSource: 'lambda_insights' | 'emf' | null;
  readonly cpuUs: number | null;
  /** whole pico-dollars (1e-12 $) by the price table of `pricingVersion` */
  readonly costPicoUsd: number | null;
  readonly pricingVersion: string | null;
  /** how many attempts this one stands for, >= 1: sources may sample */
  readonly sampleWeight: number;
  /** a piece is missing: a failure without its report, a report without a bill */
  readonly isPartial: boolean;
}
