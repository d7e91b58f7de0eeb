import { describe, expect, test } from '@jest/globals';
import type { Notice } from '../../alerts/notice.ts';
import { alertIdOf, eventOf, isCritical, nameOf } from './alerts.ts';
import { check, type Seen } from './check.ts';
import type { Told } from './told.ts';

const PLAN = { alerts: 100, criticals: 4 };
const START_MS = Date.parse('2026-11-23T02:14:00Z');
const CRITICALS = Array.from({ length: PLAN.alerts }, (_, i) => i).filter((i) => isCritical(i, PLAN));
const ALONE = [0, 1, ...CRITICALS];

function told(i: number, kind: 'opened' | 'ended', atMs: number, version: number): Told {
  const event = eventOf(i, kind === 'ended' ? 'resolved' : 'opened', PLAN, START_MS, START_MS);
  const notice = { incident_id: alertIdOf(i), version, at: event.at, event } as Notice;
  return { atMs, kind, title: `${nameOf(i)}: it fails`, key: `${notice.incident_id}-${version}`, notice };
}

function digest(kind: 'digest' | 'ended', atMs: number, version: number): Told {
  const notice = { incident_id: 'storm', version, digest: { incidents: PLAN.alerts - ALONE.length } } as Notice;
  return { atMs, kind, title: 'many', key: `storm-${version}`, notice };
}

const RIGHT: readonly Told[] = [
  ...ALONE.map((i) => told(i, 'opened', START_MS + 100, 1)),
  digest('digest', START_MS + 5000, 1),
  ...ALONE.map((i) => told(i, 'ended', START_MS + 90_000, 2)),
  digest('ended', START_MS + 90_000, 2),
];
const asSlack = (list: readonly Told[]): Told[] => list.map((it) => ({ ...it, key: null, notice: null }));
const seenWith = (hook: readonly Told[], slack: readonly Told[] = asSlack(RIGHT)): Seen => ({
  hook,
  slack,
  firstMs: START_MS,
  endsMs: START_MS + 60_000,
  beforeStorm: 2,
});

describe('the check of a storm', () => {
  test('finds nothing where all is right', () => {
    const { faults, figures } = check(PLAN, seenWith(RIGHT));
    expect(faults).toEqual([]);
    expect(figures[0]).toMatchObject({ duringStorm: 7, afterwards: 7, firstDigestMs: 5000, lastEndMs: 30_000 });
    expect(figures[1]!.criticalMs).toEqual([100, 100, 100, 100]);
  });

  test.each<[string, (list: readonly Told[]) => readonly Told[], RegExp]>([
    ['a critical that was not told', (list) => list.filter(({ key }) => key !== `${alertIdOf(CRITICALS[2]!)}-1`), /told 0/],
    ['one that was told twice', (list) => [list[3]!, ...list], /told 2 times/],
    ['a digest that is late', (list) => list.map((it) => (it.key === 'storm-1' ? { ...it, atMs: START_MS + 61_000 } : it)), /too late/],
    ['no digest', (list) => list.filter(({ kind }) => kind !== 'digest'), /no digest/],
    ['an end that was not told', (list) => list.slice(0, -1), /6 ends of 7/],
    ['what is told alone in a storm', (list) => [told(50, 'opened', START_MS, 1), told(51, 'opened', START_MS, 1), ...list], /8 told alone/],
    ['an incident that is left out', (list) => list.map((it) => (it.notice?.digest === undefined ? it : { ...it, notice: { ...it.notice, digest: { incidents: 90 } } as Notice })), /are not 100/],
  ])('finds %s', (_name, spoilt, fault) => {
    expect(check(PLAN, seenWith(spoilt(RIGHT))).faults.join('\n')).toMatch(fault);
  }); // biome-ignore format: one fault a line reads as a table

  test('finds at Slack, too, who was not told', () => {
    const slack = asSlack(RIGHT).filter(({ title }) => !title.startsWith(nameOf(CRITICALS[0]!)));
    expect(check(PLAN, seenWith(RIGHT, slack)).faults[0]).toMatch(/^slack: critical .* was told 0 times$/);
  });
});
