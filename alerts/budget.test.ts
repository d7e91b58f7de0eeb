import { describe, expect, test } from '@jest/globals';
import { budgetAfter, judge, type Told, told } from '../test/budgets.ts';
import { overdraftOf, type PageBudget } from './budget.ts';
import { DEFAULT_PAGING, ownerOfEvent, type PagingSettings } from './budget-order.ts';

const reasonOf = (budget: PageBudget, event: Told) => judge(budget, event)[0]!.page_reason;

describe('an incident', () => {
  test('pages once, and what follows of it goes with the page', () => {
    const budget = budgetAfter(28);
    const said = [
      ...judge(budget, { id: 'a', day: 0 }),
      ...judge(budget, { id: 'a', day: 0.1, event: 'updated' }),
      ...judge(budget, { id: 'a', day: 0.2, event: 'resolved' }),
    ];
    expect(said.map(({ page }) => page)).toEqual([true, true, true]);
    expect(said.map(({ evidence }) => evidence.paging?.rank)).toEqual([1, undefined, undefined]);
    expect(said[2]!.page_reason).toBe(
      'paged at 2024-10-04 00:00 UTC: the only incident in the last 28 days; 4 pages of 5 a week left after it',
    );
    expect(budget.status()[0]).toMatchObject({ spent: 1 });
  });

  test('of info never pages, and is no rival of others', () => {
    const budget = budgetAfter(28);
    expect(reasonOf(budget, { id: 'a', day: 0, severity: 'info', failed: 1e6 })).toBe('info never pages');
    expect(judge(budget, { id: 'b', day: 0 })[0]!.evidence.paging).toMatchObject({ rank: 1, of: 1 });
  });

  test('that was held is judged again when it grows, and pages then', () => {
    const budget = budgetAfter(28);
    for (let i = 0; i < 60; i++) judge(budget, { id: `old${i}`, day: -27 + i / 10, failed: 100 });
    const [held] = judge(budget, { id: 'a', day: 0, failed: 10 });
    expect(held).toMatchObject({ page: false });
    expect(held!.page_reason).toMatch(
      /^held for the digest: rank 61 of 61 incidents in the last 28 days; with 5 pages/,
    );
    const [grown] = judge(budget, { id: 'a', day: 0.1, event: 'updated', failed: 5000 });
    expect(grown).toMatchObject({ page: true, evidence: { paging: { rank: 1, of: 61 } } });
  });

  test('that was held and ends closes no page, and keeps its reason', () => {
    const budget = budgetAfter(28);
    const [held] = judge(budget, { id: 'a', day: 0, score: 5 });
    const [ended] = judge(budget, { id: 'a', day: 0.1, event: 'resolved' });
    expect(ended).toMatchObject({ page: false, page_reason: held!.page_reason });
    expect(judge(budget, { id: 'unknown', day: 0.2, event: 'resolved' })[0]!.page_reason).toMatch(/over before it was/);
  });

  test('without surprise among so many tests waits for the digest', () => {
    expect(reasonOf(budgetAfter(28), { id: 'a', day: 0, score: 7 })).toBe(
      'held for the digest: score 7.0 is below 8.5, where no more than 1 in 10 of all that stands out from 29,000,000 tests is chance',
    );
  });
});

describe('in the first week of a fleet', () => {
  test.each<{ name: string; event: Partial<Told>; page: boolean }>([
    { name: 'an error beyond doubt pages', event: {}, page: true },
    { name: 'a warning waits', event: { severity: 'warning' }, page: false },
    { name: 'an error in doubt waits', event: { score: 9.5 }, page: false },
  ])('$name', ({ event, page }) => {
    expect(judge(budgetAfter(3), { id: 'a', day: 0, ...event })[0]!.page).toBe(page);
  });
});

describe('a spent budget', () => {
  const spent = () => {
    const budget = budgetAfter(28);
    for (let i = 0; i < 5; i++) expect(judge(budget, { id: `p${i}`, day: 0, failed: 1000 + i })[0]!.page).toBe(true);
    return budget;
  };

  test('holds what is worse than all before, and says when the next page is free', () => {
    expect(reasonOf(spent(), { id: 'a', day: 0, failed: 9000 })).toBe(
      'held for the digest: rank 1 of 6 incidents in the last 28 days, but the budget of 5 pages a week is spent; the next page is free at 2024-10-05 09:36 UTC',
    );
  });

  test('is overdrawn by critical incidents beyond doubt, up to its double, and by no other', () => {
    const budget = spent();
    const critical = (i: number, score = 20): Told => ({ id: `c${i}`, day: 0, severity: 'critical', score });
    expect(judge(budget, critical(99, 11))[0]!.page).toBe(false);
    const pages = Array.from({ length: 8 }, (_, i) => judge(budget, critical(i))[0]!);
    expect(pages.map(({ page }) => page)).toEqual([...Array(5).fill(true), ...Array(3).fill(false)]);
    expect(pages[0]!.page_reason).toMatch(/overdraws the budget of 5 pages a week \(by 1.0, at most 5\)$/);
    expect(pages[7]!.page_reason).toContain('is spent, its overdraft too;');
    expect(budget.status()[0]).toMatchObject({ spent: 10, left: -5 });
  });

  test('is paid back before it pages again', () => {
    const budget = spent();
    for (let i = 0; i < 5; i++) judge(budget, { id: `c${i}`, day: 0, severity: 'critical' });
    expect(judge(budget, { id: 'a', day: 8, failed: 9000 })[0]!.page).toBe(false);
    expect(judge(budget, { id: 'b', day: 8.5, failed: 9000 })[0]!.page).toBe(true);
  });
});

test('of incidents in one step the worst is judged first, of equal ones the first told', () => {
  const one = { ...DEFAULT_PAGING, pagesPerWeek: 1 };
  const pagesOf = (...events: readonly Told[]) => judge(budgetAfter(28, one), ...events).map(({ page }) => page);
  expect(pagesOf({ id: 'a', day: 0 }, { id: 'b', day: 0, failed: 9000 })).toEqual([false, true]);
  expect(pagesOf({ id: 'a', day: 0 }, { id: 'b', day: 0 }, { id: 'c', day: 0 })).toEqual([true, false, false]);
});

describe('owners', () => {
  const ownerOf = (name: string) => (name.startsWith('pay') ? 'payments' : null);
  const settings: PagingSettings = {
    pagesPerWeek: 1,
    owners: [
      { name: 'payments', pagesPerWeek: 2 },
      { name: 'nobody', pagesPerWeek: 0 },
    ],
    ownerOf: (event) => (event.function.name === 'nobody' ? 'nobody' : ownerOfEvent(event, ownerOf)),
  };

  test('have budgets and ranks of their own', () => {
    const budget = budgetAfter(28, settings);
    expect(judge(budget, { id: 'a', day: 0, fn: 'mail' })[0]).toMatchObject({ owner: null, page: true });
    expect(judge(budget, { id: 'b', day: 0, fn: 'mail' })[0]).toMatchObject({ owner: null, page: false });
    expect(judge(budget, { id: 'c', day: 0, fn: 'pay-1' })[0]).toMatchObject({
      owner: 'payments',
      page: true,
      page_reason: 'the only incident of payments in the last 28 days; 1 page of 2 a week left after it',
    });
    expect(budget.status().map(({ owner, spent }) => [owner, spent])).toEqual([
      [null, 1],
      ['payments', 1],
      ['nobody', 0],
    ]);
  });

  test('with a budget of 0 are never paged', () => {
    const critical: Told = { id: 'a', day: 0, fn: 'nobody', severity: 'critical', score: 300, failed: 1e9 };
    const [event] = judge(budgetAfter(28, settings), critical);
    expect(event).toMatchObject({ page: false });
    expect(event!.page_reason).toBe('held for the digest: nobody has a budget of 0 pages a week');
    expect(overdraftOf(0)).toBe(0);
  });

  test('of one incident that covers several are nobody in particular', () => {
    const both = [told({ id: 'a', day: 0, fn: 'pay-1' }).function, told({ id: 'a', day: 0, fn: 'mail' }).function];
    const event = { ...told({ id: 'a', day: 0, fn: 'pay-1' }), functions: both };
    expect(ownerOfEvent(event, ownerOf)).toBeNull();
    expect(ownerOfEvent({ ...event, functions: [both[0]!, both[0]!] }, ownerOf)).toBe('payments');
  });
});
