const WEEK_MS = 7 * 24 * 3600 * 1000;

/**
 * A token bucket of pages: it refills evenly, holds at most one week's pages, and may be overdrawn. Its whole state is the
 * instant at which it will be full again (the virtual scheduling form of the leaky bucket, ITU-T I.371, Annex A), so that no
 * rounding piles up. In any 7 days at most 2 × perWeek + overdraft pages leave it; in the long run perWeek a week.
 */
export interface Bucket {
  /** event time, ms; a past instant = it is full */
  fullMs: number;
}

/** Time in which one page is refilled, ms. */
export function periodMs(perWeek: number): number {
  return Math.ceil(WEEK_MS / perWeek);
}

/** Pages in it; a fraction is a page on its way, below 0 is overdrawn. `perWeek` above 0. */
export function pagesLeft({ fullMs }: Bucket, nowMs: number, perWeek: number): number {
  return perWeek - Math.max(0, fullMs - nowMs) / periodMs(perWeek);
}

/** Whether a page may be taken, where it may be overdrawn by so many. */
export function affords({ fullMs }: Bucket, nowMs: number, perWeek: number, overdraft: number): boolean {
  return fullMs - nowMs <= (perWeek - 1 + overdraft) * periodMs(perWeek);
}

/** Takes one page. */
export function spend(bucket: Bucket, nowMs: number, perWeek: number): void {
  bucket.fullMs = Math.max(bucket.fullMs, nowMs) + periodMs(perWeek);
}

/** When a whole page will be in it, ms; now where one is. */
export function nextPageMs({ fullMs }: Bucket, nowMs: number, perWeek: number): number {
  return Math.max(nowMs, fullMs - (perWeek - 1) * periodMs(perWeek));
}
