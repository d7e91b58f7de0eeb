import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { Play } from '../../alerts/desk.fixture.ts';
import type { Incident } from '../../alerts/desk-incident.ts';
import { decodeMessage, encodeMessage } from '../../infra/envelope.ts';
import { IncidentPages, incidentsIn } from './desk-pages.ts';

/** As any reader of the state would have it. */
const plain = (incidents: readonly Incident[]): unknown => decodeMessage(encodeMessage('test', 0, incidents), 'test');

const incidentsOf = ({ desk }: Play): readonly Incident[] => desk.state().book.incidents;

test('a page whose incidents did not change is the one that was encoded before', () => {
  const play = new Play();
  for (let i = 0; i < 300; i++) play.hear({ at: 0, name: `f${i}` });
  const pages = new IncidentPages();
  const before = pages.encode(incidentsOf(play));
  expect(before.size).toBeGreaterThan(4);
  play.command({ kind: 'label', incident: 'f100-errors', label: 'true', by: 'ann', note: '' });
  const after = pages.encode(incidentsOf(play));
  const changed = [...after].filter(([name, bytes]) => before.get(name) !== bytes);
  expect(changed).toHaveLength(1);
  expect(incidentsIn(after)).toEqual(plain(incidentsOf(play)));
});

test('whatever happens between two saves, the pages hold the incidents as they are', async () => {
  const step = fc.oneof(
    fc.record({ name: fc.nat(200), event: fc.constantFrom('opened', 'updated', 'resolved'), usd: fc.nat(9) }),
    fc.constantFrom('time', 'ack', 'silence', 'save'),
  );
  await fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      const play = new Play();
      const pages = new IncidentPages();
      for (const [i, it] of steps.entries()) {
        if (typeof it === 'object') play.hear({ at: i, ...it, name: `f${it.name}` } as never);
        else if (it === 'time') play.time(i + 150);
        else if (it === 'ack') play.command({ kind: 'ack', incident: `f${i}-errors`, by: 'ann', note: '' });
        else if (it === 'silence') play.silence({ function: ['f1*'] }, i + 60, `s${i}`);
        else expect(incidentsIn(pages.encode(incidentsOf(play)))).toEqual(plain(incidentsOf(play)));
      }
      expect(incidentsIn(pages.encode(incidentsOf(play)))).toEqual(plain(incidentsOf(play)));
    }),
  );
});
