import { beforeAll, describe, expect, test } from '@jest/globals';
import type { AlertEvent, AlertFunction } from '../alerts/event.ts';
import { consoleLink } from '../alerts/message/console-link.ts';
import { queryOf } from '../alerts/message/query.ts';
import { generateFleet } from '../scenarios/fleet.ts';
import { replayedEvents } from '../test/replayed.ts';
import { inSharedGroup, isEven, SHARED_GROUP } from '../test/shared-group.ts';

describe('a fleet of which a half logs into one shared group', () => {
  let usual: AlertEvent[] = [];
  let shared: AlertEvent[] = [];
  beforeAll(async () => {
    const startMs = Date.UTC(2026, 10, 16);
    const fleet = generateFleet({
      seed: 3,
      functions: 12,
      days: 2,
      warmupDays: 1,
      invocations: 20_000,
      startMs,
      incidents: 8,
    });
    const lines = [...fleet.lines()];
    usual = await replayedEvents(lines);
    shared = await replayedEvents(inSharedGroup(lines, isEven));
  }, 120_000);

  const moved = (fn: AlertFunction): AlertFunction =>
    fn.name !== '*' && isEven(fn.name) ? { ...fn, log_group: SHARED_GROUP } : fn;

  test('has the alerts of the same fleet in groups of their own, with the true group in each', () => {
    const named = new Set(shared.map(({ function: { log_group } }) => log_group));
    expect(named).toEqual(new Set([SHARED_GROUP, undefined]));
    expect(new Set(shared.map(({ event }) => event))).toEqual(new Set(['opened', 'updated', 'resolved']));
    expect(shared).toEqual(
      usual.map((event) => ({
        ...event,
        function: moved(event.function),
        ...(event.functions === undefined ? {} : { functions: event.functions.map(moved) }),
      })),
    );
    expect(usual.some((event) => 'log_group' in event.function)).toBe(false);
  });

  test('is linked and asked there, for the streams of the function alone', () => {
    for (const event of shared.filter(({ function: { log_group } }) => log_group !== undefined)) {
      const { name } = event.function;
      const regional = { ...event, function: { ...event.function, region: 'eu-west-1' } };
      expect(consoleLink(regional)!.href).toContain('/log-group/$252Fteams$252Fshop/log-events$3F');
      const lines = queryOf(event)!.text.split('\n');
      expect(lines[0]).toContain(`# log group ${SHARED_GROUP}, `);
      expect(lines[1]).toBe(`filter @logStream like "/${name}["`);
      expect(lines[2]).toMatch(/^\| (?:filter|fields) /);
    }
  });
});
