/** What Slack takes as a message: https://docs.slack.dev/reference/block-kit/blocks and the limits it does not write down. */
const MOST_BLOCKS = 50;
const TOTAL_CHARACTERS = 13_000;
const TEXT_CHARACTERS = 40_000;

type Json = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is Json =>
  value !== null && typeof value === 'object' && !Array.isArray(value);

/** The word that Slack answers to such a message, and what it is about; null = it takes it. */
export function slackProblem(message: Json): { readonly word: string; readonly about: string } | null {
  const { text, blocks, attachments } = message;
  if (text !== undefined && typeof text !== 'string') return { word: 'invalid_payload', about: 'text' };
  if ((text ?? '') === '' && !hasItems(blocks) && !hasItems(attachments)) return { word: 'no_text', about: 'nothing to say' };
  if (((text as string | undefined) ?? '').length > TEXT_CHARACTERS) return { word: 'msg_too_long', about: 'text' };
  const markup = markupProblem((text as string | undefined) ?? '');
  if (markup !== null) return { word: 'invalid_payload', about: `text: ${markup}` };
  if (blocks === undefined) return null;
  if (!Array.isArray(blocks) || blocks.length > MOST_BLOCKS) return { word: 'invalid_blocks', about: 'too many blocks' };
  for (const [i, block] of blocks.entries()) {
    const problem = isObject(block) ? blockProblem(block) : 'no object';
    if (problem !== null) return { word: 'invalid_blocks', about: `blocks[${i}]: ${problem}` };
  }
  if (charactersIn(blocks) > TOTAL_CHARACTERS) return { word: 'msg_blocks_too_long', about: 'all blocks together' };
  return null;
} // biome-ignore format: one rule a line reads as a table

const hasItems = (value: unknown): boolean => Array.isArray(value) && value.length > 0;

function blockProblem(block: Json): string | null {
  const { type, block_id: id, text, fields, elements } = block;
  if (id !== undefined && (typeof id !== 'string' || id.length > 255)) return 'block_id';
  switch (type) {
    case 'divider':
      return null;
    case 'header':
      return textProblem(text, 150, ['plain_text']);
    case 'section':
      if (text === undefined && fields === undefined) return 'a section without text and fields';
      return (text === undefined ? null : textProblem(text, 3000)) ?? listProblem(fields, 10, (it) => textProblem(it, 2000));
    case 'context':
      return elements === undefined ? 'no elements' : listProblem(elements, 10, (it) => textProblem(it, 2000));
    case 'actions':
      return elements === undefined ? 'no elements' : listProblem(elements, 25, buttonProblem);
    default:
      return `type ${String(type)}`;
  }
} // biome-ignore format: one rule a line reads as a table

function listProblem(list: unknown, most: number, problemOf: (item: unknown) => string | null): string | null {
  if (list === undefined) return null;
  if (!Array.isArray(list) || list.length === 0 || list.length > most) return `not 1 to ${most} items`;
  return list.map(problemOf).find((it) => it !== null) ?? null;
}

function textProblem(value: unknown, most: number, types = ['plain_text', 'mrkdwn']): string | null {
  if (!isObject(value) || typeof value['text'] !== 'string') return 'no text object';
  const { type, text, emoji, verbatim, ...rest } = value as { type?: unknown; text: string } & Json;
  if (!types.includes(String(type))) return `text of type ${String(type)}`;
  if (Object.keys(rest).length > 0) return `unknown field ${Object.keys(rest)[0]}`;
  if (type === 'plain_text' ? verbatim !== undefined : emoji !== undefined) return 'a field of the other type';
  if (text.length === 0 || text.length > most) return `${text.length} characters, not 1 to ${most}`;
  return type === 'mrkdwn' ? markupProblem(text) : null;
}

function buttonProblem(value: unknown): string | null {
  if (!isObject(value) || value['type'] !== 'button') return 'no button';
  const { url, action_id: id, text } = value;
  if (typeof url !== 'string' || url.length > 3000 || !/^https?:\/\//.test(url)) return 'url of a button';
  if (id !== undefined && (typeof id !== 'string' || id.length > 255)) return 'action_id';
  return textProblem(text, 75, ['plain_text']);
}

/** Of our own rules: what others wrote must not call anybody or lead anywhere. Slack itself would take it. */
function markupProblem(text: string): string | null {
  const live = /<(?!https:\/\/[^\s<>|]+(\|[^<>|]*)?>)[^>]*/.exec(text);
  if (live !== null) return `live markup ${live[0].slice(0, 20)}`;
  return /&(?!(amp|lt|gt);)/.test(text) ? 'an & that is not escaped' : null;
}

function charactersIn(value: unknown): number {
  if (Array.isArray(value)) return value.reduce((sum: number, it) => sum + charactersIn(it), 0);
  if (!isObject(value)) return 0;
  const own = typeof value['text'] === 'string' ? value['text'].length : 0;
  return own + Object.values(value).reduce((sum: number, it) => sum + charactersIn(it), 0);
}
