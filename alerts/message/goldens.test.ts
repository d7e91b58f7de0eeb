import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { SIGNALS } from '../../detectors/signals/signal.ts';
import { TRANSITIONS } from '../notice.ts';
import { alertmanagerParts } from './alertmanager.ts';
import { CASES } from './cases.fixture.ts';
import { messageOf } from './message.ts';
import { pagerDutyPayload } from './pagerduty.ts';
import { plainText } from './plain-text.ts';
import { slackBlocks } from './slack.ts';
import { slackProblems } from './slack-rules.fixture.ts';

/** `UPDATE_GOLDENS=1 npm test -- alerts/message/goldens` writes them; read what changed as one who is woken by it. */
// biome-ignore lint/style/noProcessEnv: whoever runs the tests asks for it
const isWriting = process.env.UPDATE_GOLDENS === '1';
const FOLDER = new URL('./goldens/', import.meta.url);

/** The files of a case, by their endings. */
function rendered(name: string): Record<string, string> {
  const message = messageOf(CASES[name]!);
  const parts = {
    slack: slackBlocks(message),
    pagerduty: pagerDutyPayload(message),
    alertmanager: alertmanagerParts(message),
  };
  return { txt: `${plainText(message)}\n`, json: `${JSON.stringify(parts, null, 2)}\n` };
}

describe('messages as they were reviewed', () => {
  test.each(Object.keys(CASES))('%s', (name) => {
    for (const [ending, text] of Object.entries(rendered(name))) {
      const file = new URL(`${name}.${ending}`, FOLDER);
      if (isWriting) {
        mkdirSync(FOLDER, { recursive: true });
        writeFileSync(file, text);
      }
      expect(text).toBe(readFileSync(file, 'utf8'));
    }
  });

  test.each(Object.keys(CASES))('%s is what Slack takes', (name) => {
    expect(slackProblems(slackBlocks(messageOf(CASES[name]!)))).toEqual([]);
  });

  test('are of cases that there are', () => {
    const names = Object.keys(CASES).flatMap((name) => [`${name}.json`, `${name}.txt`]);
    expect(readdirSync(FOLDER).sort()).toEqual(names.sort());
  });

  test('are there for each signal and each transition', () => {
    const notices = Object.values(CASES);
    const opened = notices.filter(({ transition }) => transition === 'opened');
    expect(new Set(opened.map(({ event }) => event.signal))).toEqual(new Set(SIGNALS));
    expect(new Set(notices.map(({ transition }) => transition))).toEqual(new Set(TRANSITIONS));
  });
});
