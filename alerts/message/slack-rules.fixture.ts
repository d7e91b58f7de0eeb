import type { SlackMessage } from './slack.ts';

/** Slack's documented limits, and the hidden one of a message: https://docs.slack.dev/reference/block-kit/blocks */
const MOST = { text: 4000, blocks: 50, header: 150, section: 3000, fields: 10, field: 2000, context: 10, actions: 25 };
const MOST_OF_BUTTON = { text: 75, url: 3000, action_id: 255 };
const MOST_IN_ALL = 10_000;

type Json = { readonly [key: string]: unknown };
type TextObject = { readonly type: string; readonly text: string; readonly verbatim?: boolean };

/** What Slack would refuse of a message, or take for markup that nobody wrote; empty = nothing. */
export function slackProblems({ text, blocks }: SlackMessage): string[] {
  const objects = blocks.flatMap((block) => textsOf(block as unknown as Json));
  const total = objects.reduce((sum, { object }) => sum + object.text.length, 0);
  return [
    ...(text.length > 0 && text.length <= MOST.text ? [] : [`text of ${text.length}`]),
    ...markupProblems('text', text),
    ...(blocks.length > 0 && blocks.length <= MOST.blocks ? [] : [`${blocks.length} blocks`]),
    ...(total < MOST_IN_ALL ? [] : [`${total} characters in all blocks`]),
    ...blocks.flatMap((block) => blockProblems(block as unknown as Json)),
    ...objects.flatMap(({ object, most, at }) => objectProblems(object, most, at)),
  ];
}

/** All text objects of a block, with the most that each may hold. */
function textsOf(block: Json): { object: TextObject; most: number; at: string }[] {
  const at = String(block.type);
  const one = (object: unknown, most: number) => ({ object: object as TextObject, most, at });
  if (block.type === 'header') return [one(block.text, MOST.header)];
  if (block.type === 'context') return (block.elements as unknown[]).map((object) => one(object, MOST.field));
  if (block.type === 'actions') return (block.elements as Json[]).map(({ text }) => one(text, MOST_OF_BUTTON.text));
  const fields = ((block.fields ?? []) as unknown[]).map((object) => one(object, MOST.field));
  return block.text === undefined ? fields : [one(block.text, MOST.section), ...fields];
}

function blockProblems(block: Json): string[] {
  const within = (items: unknown, most: number, what: string) =>
    Array.isArray(items) && items.length > 0 && items.length <= most ? [] : [`${what} of ${String(block.type)}`];
  switch (block.type) {
    case 'header':
      return (block.text as TextObject).type === 'plain_text' ? [] : ['a header is plain text'];
    case 'section':
      return block.fields === undefined
        ? block.text === undefined
          ? ['an empty section']
          : []
        : within(block.fields, MOST.fields, 'fields');
    case 'context':
      return within(block.elements, MOST.context, 'elements');
    case 'actions':
      return [
        ...within(block.elements, MOST.actions, 'elements'),
        ...(block.elements as Json[]).flatMap(buttonProblems),
      ];
    default:
      return [`an unknown block ${String(block.type)}`];
  }
}

function buttonProblems({ type, url, action_id }: Json): string[] {
  return [
    ...(type === 'button' ? [] : ['no button']),
    ...(typeof url === 'string' && url.length <= MOST_OF_BUTTON.url && /^https:\/\/[!-~]+$/.test(url) ? [] : ['url']),
    ...(typeof action_id === 'string' && action_id.length <= MOST_OF_BUTTON.action_id ? [] : ['action_id']),
  ];
}

function objectProblems({ type, text, verbatim }: TextObject, most: number, at: string): string[] {
  const length = text.length > 0 && text.length <= most ? [] : [`${at}: text of ${text.length}`];
  if (type === 'plain_text') return length;
  return [...length, ...(verbatim === true ? [] : [`${at}: not verbatim`]), ...markupProblems(at, text)];
}

/** Outside of code only the bold labels that start a text; no link, no mention, no entity that is none. */
function markupProblems(at: string, text: string): string[] {
  const prose = text
    .replace(/```[^`]*```/g, '')
    .replace(/`[^`\n]*`/g, '')
    .replace(/^\*[A-Za-z ]+:?\*/, '');
  return [
    ...(/[<>]/.test(text) ? [`${at}: a raw angle bracket`] : []),
    ...(/&(?!(?:amp|lt|gt);)/.test(text) ? [`${at}: a raw ampersand`] : []),
    ...(/[*~`@]|(?<![a-z0-9])_|_(?![a-z0-9])/i.test(prose) ? [`${at}: markup in ${prose}`] : []),
  ];
}
