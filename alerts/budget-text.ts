import type { Place } from './budget-history.ts';

/** Why an incident pages, or waits: in words with their numbers. */
export const INFO = 'info never pages';
export const NEVER_JUDGED = 'held for the digest: over before it was judged';

const instant = (ms: number) => `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
const whole = (value: number) => value.toLocaleString('en-US');
const pages = (count: number) => `${whole(count)} ${count === 1 ? 'page' : 'pages'}`;
const ofOwner = (owner: string | null) => (owner === null ? '' : ` of ${owner}`);

export function pagedAt(ms: number, reason: string): string {
  return `paged at ${instant(ms)}: ${reason}`;
}

export function held(reason: string): string {
  return `held for the digest: ${reason}`;
}

export function noBudget(owner: string | null): string {
  return owner === null ? 'a budget of 0 pages a week' : `${owner} has a budget of 0 pages a week`;
}

export function chance(score: number, bar: number, rate: number, tests: number): string {
  const share = `1 in ${Math.round(1 / rate)}`;
  return `score ${score.toFixed(1)} is below ${bar.toFixed(1)}, where no more than ${share} of all that stands out from ${whole(tests)} tests is chance`;
}

export function ranked({ rank, of, days }: Place, owner: string | null): string {
  const incidents = of === 1 ? 'the only incident' : `rank ${whole(rank)} of ${whole(of)} incidents`;
  return `${incidents}${ofOwner(owner)} in the last ${days === 1 ? 'day' : `${days} days`}`;
}

export function tooNew(rank: string): string {
  return `${rank}; in a fleet's first week only error and critical beyond doubt page`;
}

export function tooLow(rank: string, toRank: number, left: number, perWeek: number): string {
  return `${rank}; with ${pages(Math.floor(left))} of ${whole(perWeek)} left the first ${whole(toRank)} page`;
}

export function within(rank: string, left: number, perWeek: number): string {
  return `${rank}; ${pages(Math.floor(left) - 1)} of ${whole(perWeek)} a week left after it`;
}

/** @param by pages overdrawn after it */
export function overdrawn(rank: string, perWeek: number, by: number, most: number): string {
  return `${rank}, critical beyond doubt: overdraws the budget of ${pages(perWeek)} a week (by ${by.toFixed(1)}, at most ${most})`;
}

export function spent(rank: string, perWeek: number, nextMs: number, isExtreme: boolean): string {
  const overdraft = isExtreme ? ', its overdraft too' : '';
  return `${rank}, but the budget of ${pages(perWeek)} a week is spent${overdraft}; the next page is free at ${instant(nextMs)}`;
}
