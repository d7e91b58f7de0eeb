import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { card, page, sourceOf } from './message-cards.ts';

/**
 * Draws docs/pictures/message-*.png from the goldens, those that are out of date: `npx tsx infra/docs/render-messages.ts`
 * with Debian's `chromium`, `fonts-noto-color-emoji` and `pngquant`. docs/pictures/messages.json says what each was drawn from.
 */
const GOLDENS = new URL('../../alerts/message/goldens/', import.meta.url);
const PICTURES = new URL('../../docs/pictures/', import.meta.url);
const SOURCES = new URL('messages.json', PICTURES);
const WIDTH = 620;

const goldens = readdirSync(GOLDENS)
  .filter((file) => file.endsWith('.json'))
  .map((file) => ({ name: file.slice(0, -5), golden: readFileSync(new URL(file, GOLDENS), 'utf8') }));
const drawn: Record<string, string> = existing();
const folder = mkdtempSync(join(tmpdir(), 'tripline-pictures-'));
try {
  const stale = goldens.filter(({ name, golden }) => drawn[name] !== sourceOf(golden));
  const heights = heightsOf(stale.map(({ golden }) => golden));
  stale.forEach(({ name, golden }, i) => {
    draw(name, golden, heights[i]!);
    process.stdout.write(`${name} ${WIDTH}x${heights[i]}\n`);
  });
  const sources = Object.fromEntries(goldens.map(({ name, golden }) => [name, sourceOf(golden)]));
  writeFileSync(SOURCES, `${JSON.stringify(sources, null, 2)}\n`);
  for (const name of Object.keys(drawn))
    if (sources[name] === undefined) rmSync(new URL(`message-${name}.png`, PICTURES), { force: true });
} finally {
  rmSync(folder, { recursive: true });
}

function existing(): Record<string, string> {
  try {
    return JSON.parse(readFileSync(SOURCES, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw error;
  }
}

/** How high each card is, as the browser lays it out. */
function heightsOf(all: readonly string[]): number[] {
  if (all.length === 0) return [];
  const measure =
    '<script>for (const it of document.querySelectorAll(".card")) it.dataset.height = Math.ceil(it.getBoundingClientRect().height)</script>';
  const dom = chromium(page([...all.map(card), measure]), ['--dump-dom']);
  return [...dom.matchAll(/data-height="(\d+)"/g)].map(([, height]) => Number(height));
}

function draw(name: string, golden: string, height: number): void {
  const file = fileURLToPath(new URL(`message-${name}.png`, PICTURES));
  chromium(page([card(golden)]), [`--screenshot=${file}`, `--window-size=${WIDTH},${height}`, '--hide-scrollbars']);
  execFileSync('pngquant', ['--force', '--output', file, '32', file]);
}

function chromium(html: string, options: readonly string[]): string {
  const file = join(folder, 'page.html');
  writeFileSync(file, html);
  const always = ['--headless', '--no-sandbox', '--disable-gpu', `--user-data-dir=${join(folder, 'profile')}`];
  return execFileSync('chromium', [...always, ...options, `file://${file}`], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
}
