import { Dictionary, F, Flag, FragmentBlock, FragmentKind, FragmentWriter, U } from '../ingest/fragment.ts';

/** Columns of texts. */
export const TEXTS: readonly number[] = [U.fn, U.version, U.text, U.idText, U.stream, U.logGroup];

/** What the fragments say, independent of the dictionary they are in. */
export function contents(block: FragmentBlock, rows = [...Array(block.n).keys()]) {
  return rows.map((row) => ({
    f: [...block.f.subarray(row * F.stride, (row + 1) * F.stride)],
    u: [...block.u.subarray(row * U.stride, (row + 1) * U.stride)].map((word, column) =>
      TEXTS.includes(column) ? block.dictionary.text(word) : word,
    ),
  }));
}

/** A block of these rows. */
export function blockOf(rows: readonly { f: number[]; u: number[]; texts: string[] }[]): FragmentBlock {
  const block = new FragmentBlock(new Dictionary(), rows.length);
  for (const { f, u, texts } of rows) {
    const at = block.n++;
    block.f.set(f, at * F.stride);
    block.u.set(u, at * U.stride);
    for (const [i, column] of TEXTS.entries()) block.u[at * U.stride + column] = block.dictionary.id(texts[i]!);
  }
  return block;
}

/** Fragments as a busy account makes them: REPORTs of 40 functions within a minute. */
export function typical(count: number): FragmentBlock {
  const writer = new FragmentWriter(() => {});
  const block = new FragmentBlock(writer.dictionary, count);
  writer.block = block;
  for (let i = 0; i < count; i++) {
    const random = (salt: number) => Math.imul(i + 1, 2654435761 + salt * 40503) >>> 0;
    const fn = writer.dictionary.id(`aws/123456789012/eu-west-1/function-${random(1) % 40}`);
    const endMs = 1.7e12 + i * 15 + (random(2) % 10);
    const at = writer.add(FragmentKind.report | Flag.fusedStart | (i % 50 ? 0 : Flag.cold), fn, endMs);
    const durationUs = 2000 + (random(3) % 900_000);
    block.f[at * F.stride + F.durationUs] = durationUs;
    block.f[at * F.stride + F.billedUs] = Math.ceil(durationUs / 1000) * 1000;
    if (i % 50 === 0) block.f[at * F.stride + F.initUs] = 300_000 + (random(4) % 100_000);
    block.f[at * F.stride + F.a] = endMs - Math.floor(durationUs / 1000);
    for (let j = 0; j < 4; j++) block.u[at * U.stride + U.id0 + j] = random(5 + j);
    block.u[at * U.stride + U.version] = writer.dictionary.id('$LATEST');
    block.u[at * U.stride + U.memorySizeKib] = 131_072;
    block.u[at * U.stride + U.memoryUsedKib] = 1024 * (60 + (random(9) % 60));
    block.u[at * U.stride + U.stream] = writer.dictionary.id(`2026/11/23/[$LATEST]${random(1) % 40}`);
  }
  return block;
}
