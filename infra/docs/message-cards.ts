import { createHash } from 'node:crypto';

/** A message as Slack would show it, as HTML: for pictures in the documentation. */

interface TextObject {
  readonly type: string;
  readonly text: string;
}
interface Block {
  readonly type: string;
  readonly text?: TextObject;
  readonly fields?: readonly TextObject[];
  readonly elements?: readonly (TextObject & { readonly text: string | TextObject })[];
}

const STYLE = `
  body { margin: 0; background: #fff; font: 14px/1.46 "Liberation Sans", Arial, sans-serif; color: #1d1c1d; }
  .card { width: 620px; box-sizing: border-box; padding: 14px 18px 14px 62px; position: relative; }
  .icon { position: absolute; left: 16px; top: 16px; width: 34px; height: 34px; border-radius: 6px; background: #16324f;
    color: #fff; font-weight: bold; text-align: center; line-height: 34px; }
  .who { font-weight: bold; margin-bottom: 2px; }
  .who small { font-weight: normal; font-size: 10px; background: #e8e8e8; border-radius: 3px; padding: 1px 4px; color: #616061; }
  h3 { margin: 6px 0; font-size: 16px; }
  .section, .fields { margin: 8px 0; white-space: pre-wrap; overflow-wrap: anywhere; }
  .fields { display: grid; grid-template-columns: 1fr 1fr; gap: 8px 16px; }
  code { font: 11px "DejaVu Sans Mono", monospace; color: #c01343; background: #f8f8f8; border: 1px solid #ddd; border-radius: 3px; padding: 1px 3px; }
  pre { font: 10.5px/1.5 "DejaVu Sans Mono", monospace; background: #f8f8f8; border: 1px solid #ddd; border-radius: 4px; padding: 7px; margin: 4px 0; white-space: pre-wrap; }
  .button { display: inline-block; border: 1px solid #bbb; border-radius: 4px; padding: 5px 11px; font-weight: bold; margin: 4px 0; }
  .context { color: #616061; font-size: 11px; margin: 6px 0; }
  .context span { margin-right: 10px; }`;

/** Slack's mrkdwn of our messages: labels in bold, code; everything else is escaped already. */
function markdown(text: string): string {
  return text
    .replace(/```([^`]*)```/g, '<pre>$1</pre>')
    .replace(/`([^`\n]+)`/g, '<code>$1</code>')
    .replace(/^\*([^*\n]+)\*/, '<b>$1</b>');
}

const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
const shown = ({ type, text }: TextObject) => (type === 'mrkdwn' ? markdown(text) : escaped(text));

function block({ type, text, fields, elements = [] }: Block): string {
  if (type === 'header') return `<h3>${shown(text!)}</h3>`;
  if (type === 'actions')
    return elements.map((it) => `<span class="button">${shown(it.text as unknown as TextObject)}</span>`).join(' ');
  if (type === 'context')
    return `<div class="context">${elements.map((it) => `<span>${shown(it)}</span>`).join('')}</div>`;
  if (fields !== undefined)
    return `<div class="fields">${fields.map((it) => `<div>${shown(it)}</div>`).join('')}</div>`;
  return `<div class="section">${shown(text!)}</div>`;
}

/** @param golden text of a file of alerts/message/goldens */
export function card(golden: string): string {
  const { slack } = JSON.parse(golden) as { slack: { blocks: readonly Block[] } };
  const body = slack.blocks.map(block).join('\n');
  return `<div class="card"><div class="icon">T</div><div class="who">Tripline <small>APP</small></div>${body}</div>`;
}

export function page(cards: readonly string[]): string {
  return `<!doctype html><html lang="en"><meta charset="utf-8"><style>${STYLE}</style><body>${cards.join('\n')}</body></html>`;
}

/** What a picture shows: it is out of date when this is another. 16 hex digits. */
export function sourceOf(golden: string): string {
  return createHash('sha256')
    .update(page([card(golden)]))
    .digest('hex')
    .slice(0, 16);
}
