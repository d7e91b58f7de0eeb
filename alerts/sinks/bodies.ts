import { clean, fit } from '../message/clean.ts';
import { messageOf } from '../message/message.ts';
import { plainText } from '../message/plain-text.ts';
import { slackBlocks } from '../message/slack.ts';
import type { Notice } from '../notice.ts';

export interface SlackMessage {
  /** for notifications, and where blocks cannot be shown */
  readonly text: string;
  readonly blocks: readonly object[];
}

/** Slack's advice for a text; it takes ten times as much. */
const TEXT_CHARACTERS = 4000;
const LINE_CHARACTERS = 500;
const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };
const escaped = (grapheme: string): string => grapheme.replace(/[&<>]/g, (char) => ENTITIES[char] ?? char);
/** Also closes no code. */
const inCode = (grapheme: string): string => escaped(grapheme).replaceAll('`', "'");

export const slackMessageOf = (notice: Notice): SlackMessage => slackBlocks(messageOf(notice));

/** The same without blocks, for a Slack that refuses them: words in a fixed pitch, in which nothing formats. */
export const slackWordsOf = (notice: Notice): string =>
  `\`\`\`\n${fit(plainText(messageOf(notice)), TEXT_CHARACTERS - 8, inCode)}\n\`\`\``;

const SAID: Readonly<Partial<Record<Notice['transition'], string>>> = { renotified: 'Still open', opened: 'Opened' };

/** One line for the thread of an incident: what changed, who did it, and why it is told. No markup is meant. */
export function changeLineOf({ transition, by, reason }: Notice): string {
  const what = SAID[transition] ?? `${transition.charAt(0).toUpperCase()}${transition.slice(1)}`;
  const who = by === 'tripline' ? '' : ` by ${clean(by, 100)}`;
  return fit(`${what}${who}: ${clean(reason, LINE_CHARACTERS)}`, LINE_CHARACTERS, escaped);
}
