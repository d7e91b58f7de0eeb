import { type Row, WITHIN } from './calibration-report.ts';

const WIDTH = 150;
const HEIGHT = 110;
const LEFT = 90;
const TOP = 40;
/** The scale ends at a ratio of 10^±1.5; what is beyond is drawn at the edge. */
const REACH = 1.5;
const COLOURS = ['#1b9e77', '#d95f02', '#7570b3', '#e7298a', '#66a61e', '#a6761d'];

/** Small multiples, signals down and processes across: P(score >= s) / 10^−s over s, a line for each rate. */
export function drawing(rows: readonly Row[]): string {
  const signals = [...new Set(rows.map(({ signal }) => signal))];
  const processes = [...new Set(rows.map(({ process }) => process))];
  const rates = [...new Set(rows.map(({ rate }) => rate))];
  const parts = rows.map((row) => {
    const x = LEFT + processes.indexOf(row.process) * WIDTH;
    const y = TOP + signals.indexOf(row.signal) * HEIGHT;
    return curve(row, x, y, COLOURS[rates.indexOf(row.rate) % COLOURS.length]!);
  });
  const width = LEFT + processes.length * WIDTH + 10;
  const height = TOP + signals.length * HEIGHT + 30;
  const frames = signals.flatMap((_, i) => processes.map((_, j) => frame(LEFT + j * WIDTH, TOP + i * HEIGHT)));
  const names = [
    ...processes.map((name, j) => text(LEFT + j * WIDTH + WIDTH / 2, TOP - 10, name, 'middle')),
    ...signals.map((name, i) => text(LEFT - 8, TOP + i * HEIGHT + HEIGHT / 2, name, 'end')),
    ...rates.map((rate, i) =>
      text(LEFT + i * 110, height - 10, `${rate} a minute`, 'start', COLOURS[i % COLOURS.length]),
    ),
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="11"><title>P(score ≥ s) / 10^−s: the grey band is ×${WITHIN} about 1</title>${frames.join('')}${parts.join('')}${names.join('')}</svg>\n`;
}

function frame(x: number, y: number): string {
  const half = (Math.log10(WITHIN) / REACH) * (HEIGHT / 2 - 8);
  const middle = y + HEIGHT / 2;
  return `<rect x="${x + 4}" y="${y + 4}" width="${WIDTH - 8}" height="${HEIGHT - 8}" fill="none" stroke="#ccc"/><rect x="${x + 4}" y="${middle - half}" width="${WIDTH - 8}" height="${2 * half}" fill="#eee"/><path d="M${x + 4} ${middle}h${WIDTH - 8}" stroke="#999"/>`;
}

/** Levels that can be judged and attained, joined. */
function curve(row: Row, x: number, y: number, colour: string): string {
  const points = row.levels
    .filter(({ verdict, isAttainable }) => verdict !== 'unknown' && isAttainable)
    .map(({ s, ratio }) => {
      const up = Math.max(-REACH, Math.min(REACH, Math.log10(Math.max(ratio, 1e-9)))) / REACH;
      return `${(x + 4 + ((s - 0.5) / row.levels.length) * (WIDTH - 8)).toFixed(1)},${(y + HEIGHT / 2 - up * (HEIGHT / 2 - 8)).toFixed(1)}`;
    });
  return points.length === 0
    ? ''
    : `<polyline points="${points.join(' ')}" fill="none" stroke="${colour}" stroke-width="1.5"/>`;
}

function text(x: number, y: number, words: string, anchor: string, colour = '#333'): string {
  return `<text x="${x}" y="${y}" text-anchor="${anchor}" fill="${colour}">${words}</text>`;
}
