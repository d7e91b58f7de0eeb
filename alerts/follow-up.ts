import type { Verdict } from '../detectors/verdict.ts';

/** The incident of a verdict: function and family. */
export function keyOf(verdict: Verdict): string {
  return `${verdict.fn}|${verdict.family}`;
}

export function accountOf(verdict: Verdict): string {
  return verdict.fn.split('/', 2).join('/');
}

/** The end of an incident repeats its last numbers, so that the newest event tells the whole. */
export function withLast(verdict: Verdict, last: Verdict): Verdict {
  const atMs = Math.max(verdict.atMs, last.atMs);
  const { finding: joined } = verdict;
  if (joined !== null && (joined.signal === verdict.signal || last.finding === null)) return { ...verdict, atMs };
  if (joined !== null) {
    // another signal joined: it stands beside the incident's own numbers, not in their place
    const { signal, score, observed, mid, horizon } = joined;
    const others = verdict.related.filter((other) => other.signal !== signal && other.signal !== verdict.signal);
    return {
      ...verdict,
      atMs,
      joined,
      finding: last.finding,
      related: [{ signal, score, observed, mid, horizon }, ...others],
    };
  }
  const { finding, related, usdPerHour, invocations, bytes, ids, detail } = last;
  return { ...verdict, atMs, finding, related, usdPerHour, invocations, bytes, ids, detail };
}

/** Adds what verdicts say of where functions log to what is known of it, which is returned. */
export function noteLogGroups(known: Map<string, string>, verdicts: readonly Verdict[]): Map<string, string> {
  for (const { fn, logGroup } of verdicts) {
    if (logGroup === undefined) known.delete(fn);
    else known.set(fn, logGroup);
  }
  return known;
}

/** The same order everywhere, whatever the locale. */
export function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
