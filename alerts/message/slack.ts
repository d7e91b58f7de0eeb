import type { Severity } from '../event.ts';
import { fit } from './clean.ts';
import type { Fact } from './facts.ts';
import type { Message } from './message.ts';

interface PlainText {
  readonly type: 'plain_text';
  readonly text: string;
  readonly emoji: false;
}
interface Markdown {
  readonly type: 'mrkdwn';
  readonly text: string;
  readonly verbatim: true;
}
export type SlackBlock =
  | { readonly type: 'header'; readonly text: PlainText }
  | { readonly type: 'section'; readonly text: Markdown }
  | { readonly type: 'section'; readonly fields: readonly Markdown[] }
  | { readonly type: 'context'; readonly elements: readonly Markdown[] }
  | { readonly type: 'actions'; readonly elements: readonly SlackButton[] };
interface SlackButton {
  readonly type: 'button';
  readonly action_id: string;
  readonly text: PlainText;
  readonly url: string;
}

export interface SlackMessage {
  /** what a notification shows, and a client without blocks */
  readonly text: string;
  readonly blocks: readonly SlackBlock[];
}

/** Slack's limits, in UTF-16 units of what is sent: https://docs.slack.dev/reference/block-kit/blocks */
const HEADER = 150;
const SECTION = 3000;
const FIELD = 500;
const FIELDS = 10;
const TEXT = 1000;

/** The message as Slack's blocks. No text of others can become markup, a link or a mention: it is escaped, or code. */
export function slackBlocks(message: Message): SlackMessage {
  const { title, lead, facts, history, advice, link, worst } = message;
  const head = `${symbol(message)} ${title}`;
  return {
    text: fit(head, TEXT, defused),
    blocks: [
      { type: 'header', text: plain(fit(head, HEADER)) },
      section(fit(lead, 1000, defused)),
      ...chunks(facts.map(field), FIELDS).map((fields) => ({ type: 'section' as const, fields })),
      ...(worst.length === 0
        ? []
        : [section(worst.map((line) => `${SYMBOLS[line.severity]} ${fit(line.text, 400, defused)}`).join('\n'))]),
      ...(advice === null ? [] : [section(`*Check first:* ${fit(advice, 1000, defused)}`)]),
      ...(history === null ? [] : [section(`${code(history.line, 200)}\n${fit(history.caption, 300, defused)}`)]),
      ...requests(message),
      ...(link === null
        ? []
        : [
            {
              type: 'actions' as const,
              elements: [{ type: 'button' as const, action_id: 'logs', text: plain(link.text), url: link.href }],
            },
          ]),
      ...more(message),
    ],
  };
}

const SYMBOLS: Readonly<Record<Severity, string>> = { critical: '🔴', error: '🟠', warning: '🟡', info: '🔵' };

function symbol({ status, severity, transition }: Message): string {
  if (status === 'resolved') return '✅';
  if (transition === 'digest') return '📋';
  if (status === 'expired') return '⚪';
  return transition === 'acknowledged' ? '👀' : SYMBOLS[severity];
}

function field({ label, text, isForeign }: Fact): Markdown {
  return markdown(`*${label}*\n${isForeign === true ? code(text, FIELD) : fit(text, FIELD, defused)}`);
}

function requests({ requestIds, query }: Message): SlackBlock[] {
  const ids = requestIds.length === 0 ? [] : [`*Requests:* ${requestIds.map((id) => code(id, 100)).join(' ')}`];
  const lines = query === null ? [] : [`*${query.language}:*\n\`\`\`${fit(query.text, 1500, inCode)}\`\`\``];
  return [...ids, ...lines].map((text) => section(text));
}

function more({ explain, alertId, incidentId }: Message): SlackBlock[] {
  const incident = incidentId === alertId ? [] : [code(incidentId, 200)];
  const parts = [...(explain === null ? [] : [code(explain, 200)]), ...incident];
  if (parts.length === 0) return [];
  return [{ type: 'context', elements: parts.map(markdown) }];
}

const plain = (text: string): PlainText => ({ type: 'plain_text', text, emoji: false });
const markdown = (text: string): Markdown => ({ type: 'mrkdwn', text, verbatim: true });
const section = (text: string): SlackBlock => ({ type: 'section', text: markdown(text.slice(0, SECTION)) });

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };
const entities = (text: string) => text.replace(/[&<>]/g, (char) => ENTITIES[char]!);

/** What formats in Slack's markdown, as characters that look alike and do not. */
const ALIKE: Readonly<Record<string, string>> = { '*': '∗', '~': '∼', '`': 'ˋ', _: 'ˍ', '@': '＠' };

/** Text outside of code: nothing in it formats, links or calls anybody. */
const defused = (text: string) =>
  entities(text.replace(/[*~`@]|(?<![a-z0-9])_|_(?![a-z0-9])/gi, (char) => ALIKE[char]!));
/** Text inside of code, where only its end matters. */
const inCode = (text: string) => entities(text.replaceAll('`', "'"));

const code = (text: string, limit: number) => `\`${fit(text, limit, inCode) || ' '}\``;

function chunks<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size));
}
