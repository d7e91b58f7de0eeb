import type { Finding } from './signals/signal.ts';

/** What an incident does at its present rate, an hour, beyond what was expected. Nothing is negative. */
export interface Impact {
  /** dollars */
  readonly usd: number;
  /** calls that failed */
  readonly failed: number;
  /** calls that were due and never came */
  readonly lost: number;
  /** calls that were slow or cold */
  readonly slow: number;
  /** calls too many */
  readonly surplus: number;
  /** bytes sent */
  readonly bytes: number;
}

/**
 * What is worth one dollar an hour. A judgement, not a measurement, but the same for all: it says how a failure compares with
 * a bill. One failed or lost call a minute is a user who is let down each minute. Ten slow calls are worth one failed one:
 * most users wait. A surplus of 100 calls a minute is load on what lies behind. 10 MiB are some ten thousand records of
 * 1 KiB: bytes that leave are dearer than their transfer.
 */
export const WORTH = {
  failed: 1 / 60,
  lost: 1 / 60,
  slow: 1 / 600,
  surplus: 1 / 6000,
  bytes: 1 / (10 * 1024 * 1024),
} as const;

const NONE: Impact = { usd: 0, failed: 0, lost: 0, slow: 0, surplus: 0, bytes: 0 };

/**
 * The impact that a finding and its excess cost show. O(1).
 * @param minutes what `observed` was summed over
 * @param usdPerHour dollars above the expected ones; null = cost unknown
 */
export function impactOf(finding: Finding | null, usdPerHour: number | null, minutes: number): Impact {
  const usd = Math.max(0, usdPerHour ?? 0);
  if (finding === null) return { ...NONE, usd };
  const perHour = 60 / Math.max(1, minutes);
  const excess = Math.max(0, finding.observed - finding.mid) * perHour;
  switch (finding.signal) {
    case 'errors':
    case 'error_type':
    case 'timeouts':
    case 'oom':
    case 'access':
      return { ...NONE, usd, failed: excess };
    case 'silence':
      return { ...NONE, usd, lost: Math.max(0, finding.mid - finding.observed) * perHour };
    case 'invocations':
      return finding.direction === 'up'
        ? { ...NONE, usd, surplus: excess }
        : { ...NONE, usd, lost: Math.max(0, finding.mid - finding.observed) * perHour };
    case 'cold_starts':
      return { ...NONE, usd, slow: excess };
    case 'duration':
      // a shift of the mean concerns all calls of the window, a count of slow calls only those
      return { ...NONE, usd, slow: finding.model.kind === 'student-log2' ? finding.support * perHour : excess };
    case 'egress':
      return { ...NONE, usd, bytes: finding.unit === 'bytes' ? excess : excess * finding.support };
    default:
      return { ...NONE, usd };
  }
}

/** The impact as dollars an hour, by `WORTH`. */
export function worthOf({ usd, failed, lost, slow, surplus, bytes }: Impact): number {
  return (
    usd + failed * WORTH.failed + lost * WORTH.lost + slow * WORTH.slow + surplus * WORTH.surplus + bytes * WORTH.bytes
  );
}

/** The impacts of one cause on several functions together. */
export function sumOf(impacts: readonly Impact[]): Impact {
  const sum = { ...NONE };
  for (const impact of impacts) for (const part of PARTS) sum[part] += impact[part];
  return sum;
}

/** Two views of one incident: the larger of each part, because both may count the same calls. */
export function largestOf(a: Impact, b: Impact): Impact {
  const largest = { ...a };
  for (const part of PARTS) largest[part] = Math.max(a[part], b[part]);
  return largest;
}

const PARTS = Object.keys(NONE) as (keyof Impact)[];
