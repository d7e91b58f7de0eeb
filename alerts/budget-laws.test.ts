import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { budgetAfter, DAY_MS, judge, START_MS, type Told, told } from '../test/budgets.ts';
import { overdraftOf, PageBudget } from './budget.ts';
import type { PagingSettings } from './budget-order.ts';
import type { AlertEvent } from './event.ts';

const story = fc.array(
  fc.record({
    id: fc.constantFrom(...'abcdefghijklmnopqrstuvwxyz'),
    gap: fc.double({ min: 0, max: 1, noNaN: true }),
    event: fc.constantFrom('opened', 'updated', 'resolved'),
    severity: fc.constantFrom('info', 'warning', 'error', 'critical', 'critical'),
    score: fc.double({ min: 6, max: 60, noNaN: true }),
    failed: fc.constantFrom(1, 60, 600, 6000),
    fn: fc.constantFrom('pay', 'mail'),
  }),
  { maxLength: 120 },
);
const OWNED: PagingSettings = {
  pagesPerWeek: 2,
  owners: [{ name: 'pay', pagesPerWeek: 3 }],
  ownerOf: ({ function: { name } }) => (name === 'pay' ? 'pay' : null),
};

/** The steps of a story: events closer than a minute are one step. An id is told of anew every 26 days. */
function* stepsOf(events: readonly (Omit<Told, 'day'> & { readonly gap: number })[]): Generator<AlertEvent[]> {
  let day = 0;
  let step: AlertEvent[] = [];
  for (const { gap, ...event } of events) {
    if (gap > 0.5 && step.length > 0) {
      yield step;
      step = [];
    }
    day += gap > 0.5 ? gap - 0.5 : 0;
    step.push(told({ ...event, id: `${event.id}${Math.floor(day / 26)}`, day } as Told));
  }
  yield step;
}

describe('whatever happens', () => {
  test('every event comes out as it went in, with a reason; in 7 days never more pages than 2 budgets and the overdraft', async () => {
    await fc.assert(
      fc.property(story, fc.nat(40), (events, age) => {
        const budget = budgetAfter(age, OWNED);
        const pages = new Map<string, { owner: string | null; atMs: number }>();
        for (const step of stepsOf(events as never)) {
          const said = budget.judge(step);
          expect(
            said.map(({ page: _p, page_reason: _r, owner: _o, evidence, ...rest }) => {
              const { paging: _paging, ...without } = evidence;
              return { ...rest, evidence: without };
            }),
          ).toEqual(step);
          for (const { page, page_reason, severity, alert_id: id, at, owner } of said) {
            expect(page_reason).toMatch(/./);
            if (page !== true) continue;
            expect(severity).not.toBe('info');
            if (!pages.has(id)) pages.set(id, { owner: owner!, atMs: Date.parse(at) });
          }
        }
        for (const { owner, atMs } of pages.values()) {
          const within = [...pages.values()].filter(
            (p) => p.owner === owner && p.atMs >= atMs && p.atMs < atMs + 7 * DAY_MS,
          );
          const perWeek = owner === 'pay' ? 3 : 2;
          expect(within.length).toBeLessThanOrEqual(2 * perWeek + overdraftOf(perWeek));
        }
      }),
    );
  });

  test('stopped and restored after any step, it says the same', async () => {
    await fc.assert(
      fc.property(story, fc.infiniteStream(fc.boolean()), (events, restarts) => {
        const whole = budgetAfter(10, OWNED);
        let stopped = budgetAfter(10, OWNED);
        for (const step of stepsOf(events as never)) {
          expect(stopped.judge(step)).toEqual(whole.judge(step));
          if (restarts.next().value === false) continue;
          const state = JSON.parse(JSON.stringify(stopped.state()));
          stopped = new PageBudget(OWNED);
          stopped.restore(state);
        }
        expect(stopped.status()).toEqual(whole.status());
      }),
    );
  });
});

test('what it remembers stays bounded, and does not change who is paged', () => {
  const budget = budgetAfter(28);
  for (let i = 0; i < 3000; i++) {
    judge(budget, { id: `n${i}`, day: i / 1000, failed: 1 + (i % 7) });
    judge(budget, { id: `n${i}`, day: i / 1000, event: 'resolved', failed: 1 });
  }
  expect(budget.state().history.incidents.length).toBeLessThanOrEqual(1024);
  expect(judge(budget, { id: 'worst', day: 4, failed: 9000 })[0]).toMatchObject({
    page: true,
    evidence: { paging: { rank: 1 } },
  });
  budget.watch(START_MS + 60 * DAY_MS, 1);
  judge(budget, { id: 'much later', day: 60 });
  expect(budget.state().history.incidents.length).toBeLessThanOrEqual(2);
  expect(budget.state().history.tests.length).toBeLessThanOrEqual(30);
});
