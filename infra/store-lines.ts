import type { Readable } from 'node:stream';

/** The lines of a stream of UTF-8, cut at line feeds alone: `readline` would also cut at U+2028, which JSON may hold. */
export async function* linesOf(stream: Readable): AsyncGenerator<string, void> {
  stream.setEncoding('utf8');
  let rest = '';
  for await (const chunk of stream) {
    const lines = (rest + String(chunk)).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  if (rest !== '') yield rest;
}
