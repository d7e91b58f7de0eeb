import { describe, expect, test } from '@jest/globals';
import { Play, START_MS, settings } from './desk.fixture.ts';

const DAY = 24 * 3600;

describe('commands', () => {
  test('that come twice are carried out once, and those that cannot be are refused with the reason', () => {
    const play = new Play().hear({ at: 0 });
    const ack = { id: 'one', kind: 'ack', incident: 'pay-errors', by: 'ann', note: '' };
    expect(play.desk.command(ack).length).toBeGreaterThan(0);
    expect(play.desk.command(ack)).toEqual([]);
    for (const [data, why] of [
      [{ id: 'x', kind: 'ack', incident: 'nothing', by: 'ann', note: '' }, 'no incident nothing is known'],
      [{ id: 'y', kind: 'dance' }, '"dance" is no command'],
      [
        { id: 'z', kind: 'silence', silence: { id: 's', match: {}, untilMs: 1, by: 'a', why: 'b' } },
        'would match everything',
      ],
    ] as const)
      expect(play.desk.command(data)).toEqual([
        { entry: expect.objectContaining({ kind: 'refused', why: expect.stringContaining(why) }) },
      ]);
  });

  test.each([
    { what: 'a time that is no date', command: { kind: 'label', incident: 'pay-errors', label: 'true', atMs: 1e300 } },
    { what: 'an end that is no date', command: { kind: 'silence', silence: { untilMs: 1e300 } } },
    {
      what: 'a pattern that takes long',
      command: { kind: 'silence', silence: { match: { function: ['*a'.repeat(99)] } } },
    },
    { what: 'no settings', command: { kind: 'settings', settings: {} } },
    {
      what: 'settings with half a route',
      command: { kind: 'settings', settings: { ...settings(), routes: [{ to: ['x'] }] } },
    },
    {
      what: 'settings with a text for a time',
      command: { kind: 'settings', settings: { ...settings(), holdMs: '1' } },
    },
  ])('with $what are refused, and the desk goes on', ({ command }) => {
    const play = new Play().hear({ at: 0 });
    const silence = {
      id: 's',
      match: { account: ['1'] },
      untilMs: START_MS + 1e6,
      by: 'a',
      why: 'b',
      ...command.silence,
    };
    const said = play.desk.command({
      id: 'x',
      by: 'ann',
      note: '',
      ...command,
      ...('silence' in command ? { silence } : {}),
    });
    expect(said).toEqual([{ entry: expect.objectContaining({ kind: 'refused' }) }]);
    expect(play.hear({ at: 60, event: 'updated', severity: 'critical' }).lines.at(-1)).toBe('60 pay-errors updated v2');
  });

  test('label what is open and what is over', () => {
    const play = new Play().hear({ at: 0 }, { at: 10, event: 'resolved' }).time(DAY);
    play.command({ kind: 'label', incident: 'pay-errors', label: 'false', by: 'ann', note: 'load test' });
    expect(play.entries.at(-1)).toMatchObject({
      kind: 'label',
      label: 'false',
      by: 'ann',
      event: { alert_id: 'pay-errors' },
    });
  });
});
