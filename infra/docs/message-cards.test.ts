import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { card, sourceOf } from './message-cards.ts';

const GOLDENS = new URL('../../alerts/message/goldens/', import.meta.url);
const PICTURES = new URL('../../docs/pictures/', import.meta.url);
const goldens = readdirSync(GOLDENS).filter((file) => file.endsWith('.json'));
const read = (file: string) => readFileSync(new URL(file, GOLDENS), 'utf8');

describe('pictures of messages', () => {
  test('are drawn from the messages as they are: npx tsx infra/docs/render-messages.ts', () => {
    const sources = JSON.parse(readFileSync(new URL('messages.json', PICTURES), 'utf8'));
    expect(sources).toEqual(Object.fromEntries(goldens.map((file) => [file.slice(0, -5), sourceOf(read(file))])));
  });

  test('are there, each with its golden, and small', () => {
    const pictures = readdirSync(PICTURES).filter((file) => file.startsWith('message-'));
    expect(pictures.sort()).toEqual(goldens.map((file) => `message-${file.slice(0, -5)}.png`).sort());
    for (const file of pictures) expect(readFileSync(new URL(file, PICTURES)).length).toBeLessThan(60_000);
  });

  test('are shown in docs/messages.md', () => {
    const text = readFileSync(new URL('../messages.md', PICTURES), 'utf8');
    for (const file of goldens) expect(text).toContain(`(pictures/message-${file.slice(0, -5)}.png)`);
  });

  test('leave no markup of Slack unread', () => {
    for (const file of goldens) expect(card(read(file)).replace(/<pre>[^<]*<\/pre>/g, '')).not.toMatch(/[*`]/);
  });
});
