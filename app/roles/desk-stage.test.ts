import { describe, expect, test } from '@jest/globals';
import { alert, type Given, START_MS, settings } from '../../alerts/desk.fixture.ts';
import type { DeskSaid } from '../../alerts/desk-said.ts';
import type { Bus } from '../../infra/bus.ts';
import { createMemoryTopics } from '../../infra/topics-local.ts';
import { DeadLetterBox } from './dead-letters.ts';
import { DeskStage } from './desk-stage.ts';
import { encodeAlert, encodeCommand, encodeTime } from './messages.ts';
import { decodeNotice } from './notices.ts';

/** A desk's stage; what it publishes is kept. */
class Hosted {
  readonly published: Uint8Array[] = [];
  readonly said: DeskSaid[] = [];
  readonly ignored: string[] = [];
  readonly deadLetters: DeadLetterBox;
  readonly stage: DeskStage;
  offset: number;

  constructor(pages: ReadonlyMap<string, Uint8Array> | null = null, epoch = 'first', offset = 0) {
    const topics = createMemoryTopics(1);
    this.offset = offset;
    this.deadLetters = new DeadLetterBox(topics.rejects);
    const publish = async (_partition: number, records: readonly Uint8Array[]) => void this.published.push(...records);
    this.stage = new DeskStage(
      {
        epoch,
        settings: settings(),
        notices: { ...topics.notices, publish } as Bus,
        deadLetters: this.deadLetters,
        onSaid: (said) => void this.said.push(...said),
        onIgnored: (n, outOfTurn) => void this.ignored.push(`${n} ${outOfTurn}`),
      },
      pages,
    );
  }

  async absorb(...records: Uint8Array[]): Promise<this> {
    await this.stage.absorb(records, this.offset);
    this.offset += records.length;
    return this;
  }

  /** `epoch n incident version`, or the kind of an entry. */
  get lines(): string[] {
    return this.published.map((bytes) => {
      const said = decodeNotice(bytes);
      const what = 'notice' in said ? `${said.notice.incident_id} v${said.notice.version}` : said.entry.kind;
      return `${said.epoch} ${said.n} ${what}`;
    });
  }
}

const heard = (n: number, given: Given, epoch = 'fleet') => encodeAlert({ epoch, n, event: alert(given) });
const time = (n: number, seconds: number) => encodeTime({ epoch: 'fleet', n, timeMs: START_MS + seconds * 1000 });
const asked = (id: string, command: Record<string, unknown> & { readonly kind: string }) =>
  encodeCommand({ command: { id, by: 'ann', note: '', ...command } });

/** Some of everything: eight records that say something of three incidents and a silence. */
const RECORDS = [
  heard(1, { at: 0 }),
  heard(2, { at: 5, name: 'b' }),
  asked('ack', { kind: 'ack', incident: 'b-errors' }),
  asked('hush', {
    kind: 'silence',
    silence: { id: 's', match: { function: ['c'] }, untilMs: START_MS + 600_000, by: 'ann', why: 'known' },
  }),
  heard(3, { at: 60, name: 'c' }),
  heard(4, { at: 90, event: 'resolved' }),
  time(5, 300),
  time(6, 700),
];
const TOLD = ['pay-errors v1', 'b-errors v1', 'b-errors v2', 'pay-errors v2', 'c-errors v1'];

describe('the desk over kill -9', () => {
  test('says the same under the same numbers from any snapshot on, and the same state comes out', async () => {
    const whole = await new Hosted().absorb(...RECORDS);
    expect(whole.lines.filter((it) => / v\d/.test(it)).map((it) => it.split(' ').slice(2).join(' '))).toEqual(TOLD);
    expect(whole.lines.map((it) => it.split(' ').slice(0, 2).join(' '))).toEqual(
      whole.lines.map((_, i) => `first ${i + 1}`),
    );
    for (let cut = 0; cut <= RECORDS.length; cut++) {
      const killed = await new Hosted().absorb(...RECORDS.slice(0, cut));
      const next = await new Hosted(killed.stage.snapshot(), 'second', cut).absorb(...RECORDS.slice(cut));
      expect([...killed.published, ...next.published]).toEqual(whole.published);
      expect(next.stage.desk.state()).toEqual(whole.stage.desk.state());
    }
  });

  test('says it again, alike, where it died behind its snapshot', async () => {
    const killed = await new Hosted().absorb(...RECORDS.slice(0, 3));
    const pages = killed.stage.snapshot();
    await killed.absorb(...RECORDS.slice(3));
    const next = await new Hosted(pages, 'second', 3).absorb(...RECORDS.slice(3));
    expect(next.published).toEqual(killed.published.slice(-next.published.length));
    expect(next.lines[0]).toMatch(/^first /);
  });

  test('has its epoch safe before the first notice', async () => {
    const first = new Hosted();
    const next = new Hosted(await first.stage.begin(), 'second');
    expect((await next.absorb(...RECORDS)).published).toEqual((await first.absorb(...RECORDS)).published);
  });

  test('is the same however the records are cut into batches', async () => {
    const together = await new Hosted().absorb(...RECORDS);
    const single = new Hosted();
    for (const record of RECORDS) await single.absorb(record);
    expect(single.published).toEqual(together.published);
  });

  test('takes nothing twice: what the fleet stage or the clerk says again is passed over', async () => {
    const hosted = await new Hosted().absorb(...RECORDS, ...RECORDS);
    expect(hosted.published).toEqual((await new Hosted().absorb(...RECORDS)).published);
    expect(hosted.ignored).toEqual([]);
  });
});

describe('records out of turn', () => {
  test('of numbers that are missing wait for those before, and are told once', async () => {
    const hosted = await new Hosted().absorb(heard(1, { at: 0 }), heard(3, { at: 9, name: 'c' }), time(4, 10));
    expect(hosted.ignored).toEqual(['3 early']);
    await hosted.absorb(heard(2, { at: 5, name: 'b' }), heard(3, { at: 9, name: 'c' }));
    expect(hosted.lines).toEqual(['first 1 pay-errors v1', 'first 2 b-errors v1', 'first 3 c-errors v1']);
  });

  test('of a fleet stage that was replaced are not listened to', async () => {
    const hosted = await new Hosted().absorb(heard(1, { at: 0 }), heard(1, { at: 5, name: 'b' }, 'anew'));
    await hosted.absorb(heard(2, { at: 9, name: 'zombie' }), heard(2, { at: 9, name: 'c' }, 'anew'));
    expect(hosted.ignored).toEqual(['2 replaced']);
    expect(hosted.lines.map((it) => it.split(' ')[2])).toEqual(['pay-errors', 'b-errors', 'c-errors']);
  });
});

describe('a record that cannot be read', () => {
  const text = (message: unknown) => new TextEncoder().encode(JSON.stringify(message));
  const poison = (body: unknown) => text({ tl: 'alerts', v: [1, 0], body });
  test.each([
    { what: 'noise', record: Uint8Array.of(1, 2, 3) },
    { what: 'another kind of message', record: text({ tl: 'verdicts', v: [1, 0], body: {} }) },
    { what: 'an event without what desks need', record: poison({ n: 2, event: { alert_id: 'x' } }) },
    { what: 'an event at no time', record: poison({ n: 2, event: { ...alert({ at: 0 }), at: 'soon' } }) },
    { what: 'an event that counts from nothing', record: poison({ event: alert({ at: 0 }) }) },
    { what: 'a time that is none', record: poison({ n: 2, timeMs: 1e300 }) },
  ])('as $what is a dead letter, and those behind it are told', async ({ record }) => {
    const hosted = await new Hosted().absorb(heard(1, { at: 0 }), record, heard(3, { at: 9, name: 'c' }));
    expect(hosted.deadLetters.count).toBe(1);
    expect(hosted.lines).toEqual(['first 1 pay-errors v1', 'first 2 c-errors v1']);
    expect(hosted.ignored).toEqual([]);
  });

  test('as a command that is none is refused with its reason', async () => {
    const hosted = await new Hosted().absorb(asked('x', { kind: 'settings', settings: { destinations: 'all' } }));
    expect(hosted.said).toEqual([
      { entry: { kind: 'refused', command: 'unknown', why: 'settings needs settings with destinations' } },
    ]);
  });

  test('because a later version wrote it stops the stage: it is for the program that can read it', async () => {
    const newer = text({ tl: 'alerts', v: [2, 0], body: {} });
    const hosted = await new Hosted().absorb(heard(1, { at: 0 }));
    await expect(hosted.absorb(newer)).rejects.toMatchObject({ code: 'NEWER_VERSION' });
    expect(hosted.deadLetters.count).toBe(0);
    const pages = new Map([...hosted.stage.snapshot(), ['desk', text({ tl: 'desk-state', v: [2, 0], body: {} })]]);
    expect(() => new Hosted(pages)).toThrow(expect.objectContaining({ code: 'NEWER_VERSION' }));
  });
});
