import { setTimeout as wait } from 'node:timers/promises';
import { ConfigError } from '../config-error.ts';

/** ok, worth a look, broken, or not looked at because something else must work first. */
export type Verdict = 'ok' | 'warn' | 'fail' | 'skipped';

/** What one check found. Texts hold no secret: names of files, hosts, actions; never values. */
export interface Finding {
  /** what was looked at: `config`, `aws eu-west-1`, `destination oncall` */
  readonly what: string;
  readonly verdict: Verdict;
  /** what was found */
  readonly message: string;
  /** what to do about it; only where something is to be done */
  readonly fix?: string;
}

export interface Check {
  readonly what: string;
  /** Looks, and changes nothing. What it throws is a finding, too. */
  run(signal: AbortSignal): Promise<readonly Finding[]>;
}

export const ok = (what: string, message: string): Finding => ({ what, verdict: 'ok', message });
export const skipped = (what: string, message: string): Finding => ({ what, verdict: 'skipped', message });
export const warn = (what: string, message: string, fix: string): Finding => ({ what, verdict: 'warn', message, fix });
export const fail = (what: string, message: string, fix: string): Finding => ({ what, verdict: 'fail', message, fix });

/** How long one check may take. */
export const CHECK_MS = 5000;

/** All at once, each with its own limit; findings in the order of the checks. */
export async function runChecks(checks: readonly Check[], limitMs = CHECK_MS): Promise<Finding[]> {
  return (await Promise.all(checks.map((check) => runOne(check, limitMs)))).flat();
}

async function runOne({ what, run }: Check, limitMs: number): Promise<readonly Finding[]> {
  const over = new AbortController();
  const late = wait(limitMs, undefined, { signal: over.signal, ref: true }).then(() => [
    fail(
      what,
      `no answer within ${limitMs / 1000} s`,
      'look whether a firewall or a proxy stands between, and whether it runs',
    ),
  ]);
  late.catch(() => {}); // ended before its time
  const stop = new AbortController();
  try {
    return await Promise.race([run(stop.signal), late]);
  } catch (error) {
    if (!(error instanceof Error) || isBug(error)) throw error;
    const fix = error instanceof ConfigError ? 'put it there, or correct the path in the config' : 'see the message';
    return [fail(what, error.message, fix)];
  } finally {
    over.abort();
    stop.abort();
  }
}

const isBug = (error: Error): boolean =>
  error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError;

const WARN_SKEW_MS = 30_000;
const FAIL_SKEW_MS = 5 * 60_000;
const SET_CLOCK =
  "set this machine's clock by NTP (chrony, systemd-timesyncd): signatures and event times depend on it";

/** Our clock against that of somebody who answered; the second that a Date header is cut to counts for neither. */
export function skewFinding(what: string, theirMs: number, ourMs: number): Finding {
  const skewMs = ourMs - theirMs;
  const amount = Math.abs(skewMs);
  const text = `this machine's clock is ${Math.round(amount / 1000)} s ${skewMs > 0 ? 'ahead of' : 'behind'} ${what}`;
  if (amount > FAIL_SKEW_MS) return fail('clock', text, SET_CLOCK);
  if (amount > WARN_SKEW_MS) return warn('clock', text, SET_CLOCK);
  return ok('clock', `agrees with ${what} to ${Math.max(1, Math.ceil(amount / 1000))} s`);
}
