import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { DeskCommand } from '../alerts/desk-commands.ts';
import { folder } from '../test/captured-run.ts';
import { putCommand, takeCommands } from './commands-folder.ts';
import { parseConfig } from './config.ts';
import { deskSettingsOf } from './config-routes.ts';

const ack = (incident: string) => ({ kind: 'ack', incident, by: 'ann', note: '' }) as const;
const filesIn = (state: string) => readdirSync(join(state, 'commands'));

/** Takes all; what was published and set aside. */
async function take(state: string, publish?: () => Promise<void>) {
  const published: DeskCommand[] = [];
  const bad: string[] = [];
  const count = await takeCommands(state, {
    publish: async (commands) => {
      await publish?.();
      published.push(...commands);
    },
    onBad: (_file, why) => void bad.push(why),
  });
  return { published, bad, count };
}
const incidents = (commands: readonly DeskCommand[]) =>
  commands.map((it) => ('incident' in it ? it.incident : it.kind));

describe('a command', () => {
  test('is a whole file that only its owner reads, with an id and a time', () => {
    const state = folder();
    putCommand(state, ack('i1'), 5);
    const [name, ...others] = filesIn(state);
    expect(others).toEqual([]);
    expect(name).toMatch(/^[\w-]+\.json$/);
    const path = join(state, 'commands', name!);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(join(state, 'commands')).mode & 0o777).toBe(0o700);
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({ ...ack('i1'), id: name!.slice(0, -5), atMs: 5 });
  });

  test('is taken once, in the order in which they were given', async () => {
    const state = folder();
    for (const [i, atMs] of [300, 100, 200, 100_000].entries()) putCommand(state, ack(`i${i}`), atMs);
    const { published, count } = await take(state);
    expect(incidents(published)).toEqual(['i1', 'i2', 'i0', 'i3']);
    expect(count).toBe(4);
    expect(filesIn(state)).toEqual([]);
    expect(await take(state)).toEqual({ published: [], bad: [], count: 0 });
  });

  test('stays where it could not be made safe, and comes again under the same id', async () => {
    const state = folder();
    putCommand(state, ack('i1'), 1);
    const before = filesIn(state);
    await expect(take(state, () => Promise.reject(new Error('no bus')))).rejects.toThrow('no bus');
    expect(filesIn(state)).toEqual(before);
    expect((await take(state)).published.map(({ id }) => `${id}.json`)).toEqual(before);
  });

  test('that is being written is left alone, and so is a folder that is not there', async () => {
    const state = folder();
    expect(await take(state)).toMatchObject({ count: 0 });
    mkdirSync(join(state, 'commands'));
    writeFileSync(join(state, 'commands', 'a.json.tmp'), '{"id":');
    expect(await take(state)).toEqual({ published: [], bad: [], count: 0 });
    expect(filesIn(state)).toEqual(['a.json.tmp']);
  });
});

describe('a file that is no command', () => {
  test.each([
    { what: 'no JSON', text: '{"id": "a", "kind', why: 'it is no JSON' },
    { what: 'no object', text: '[]', why: 'a command has an id' },
    { what: 'of no kind', text: '{"id": "a", "kind": "dance"}', why: '"dance" is no command' },
    { what: 'half a command', text: '{"id": "a", "kind": "ack"}', why: 'ack needs incident, by, note' },
    { what: 'too large', text: JSON.stringify({ id: 'a', ...ack('i'), more: 'x'.repeat(300_000) }), why: /at most/ },
    {
      what: 'too deep',
      text: `{"id":"a","kind":"resend","destination":"d","delivery":"e","by":"f","more":${'['.repeat(200)}${']'.repeat(200)}}`,
      why: /nested/,
    },
  ])('as it is $what, is set aside with the reason, once, and holds no other up', async ({ text, why }) => {
    const state = folder();
    putCommand(state, ack('good'), 1);
    writeFileSync(join(state, 'commands', 'strange.json'), text);
    const { published, bad } = await take(state);
    expect(incidents(published)).toEqual(['good']);
    expect(bad).toEqual([typeof why === 'string' ? why : expect.stringMatching(why)]);
    expect(filesIn(state)).toEqual(['strange.json.bad']);
    expect(readFileSync(join(state, 'commands', 'strange.json.bad'), 'utf8')).toBe(text);
    expect(await take(state)).toEqual({ published: [], bad: [], count: 0 });
  });

  test('cannot take the place of the configuration', async () => {
    const state = folder();
    const settings = deskSettingsOf(parseConfig('', 'test').live);
    putCommand(state, { kind: 'settings', settings }, 1);
    expect((await take(state)).bad).toEqual(['settings come from the configuration alone']);
  });
});
