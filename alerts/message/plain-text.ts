import type { Message } from './message.ts';

const LABEL = 14;

/** The message as lines for a terminal, a file or a mail: no markup, no control characters but line feeds; ends without one. */
export function plainText(message: Message): string {
  const { title, lead, facts, advice, history, requestIds, link, query, explain, worst } = message;
  return [
    title,
    lead,
    ...facts.map(({ label, text }) => line(label, text)),
    ...worst.map(({ severity, text }, i) => line(i === 0 ? 'Worst' : '', `${severity}: ${text}`)),
    ...(advice === null ? [] : [line('Check first', advice)]),
    ...(history === null ? [] : [line('History', `${history.line}  ${history.caption}`)]),
    ...(requestIds.length === 0 ? [] : [line('Requests', requestIds.join(', '))]),
    ...(link === null ? [] : [line('Logs', link.href)]),
    ...(query === null ? [] : query.text.split('\n').map((text, i) => line(i === 0 ? 'Query' : '', text))),
    ...(explain === null ? [] : [line('More', explain)]),
  ].join('\n');
}

const line = (label: string, text: string) => `${label.padEnd(LABEL)}${text}`;
