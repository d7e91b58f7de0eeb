import { parseArgs } from 'node:util';
import { MetricScorer } from '../detectors/metric/metric-scorer.ts';
import { bestF1, curve, type EventScore, type ScoredSeries, scoreAt } from '../scenarios/series/score.ts';
import { generateSeries, type MetricSeries } from '../scenarios/series/series.ts';
import { ewmaDeviations } from './kpi-peer.ts';

const HELP = `Usage: npm run bench:kpi -- [options]
  --series N    simulated one-minute metrics of 21 days (96)
  --seed S      which (101; 1 and 2 were used while developing)
  --curve       the whole curve: false events, recall, precision and F1 bar by bar
  --json        a last line with all figures`;
const DAYS = 21;
/** memory of the peer, rows */
const PEER_ROWS = [30, 120, 1440];
const LIMITS = [25, 50, 75, Number.POSITIVE_INFINITY];

const { values: flags } = parseArgs({
  options: {
    series: { type: 'string', default: '96' },
    seed: { type: 'string', default: '101' },
    curve: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

function productScores({ timesMs, values }: MetricSeries): Float64Array {
  const scorer = new MetricScorer();
  return values.map((value, row) => scorer.push(timesMs[row]!, value));
}

const shown = (point: EventScore | null) =>
  point === null
    ? 'none'
    : `${point.f1.toFixed(2)} (recall ${point.recall.toFixed(2)}, ${point.falsePer1000Days.toFixed(0)} false)`;

function report(name: string, points: readonly EventScore[]): void {
  console.log(`\n${name}`);
  for (const limit of LIMITS) {
    const at = Number.isFinite(limit) ? `at most ${limit} false per 1,000 series-days` : 'any number of false';
    console.log(`  F1 at ${at}: ${shown(bestF1(points, limit))}`);
  }
  if (!flags.curve) return;
  for (const it of points) {
    console.log(
      `  bar ${it.bar.toFixed(2)}  false ${it.falsePer1000Days.toFixed(0)}  recall ${it.recall.toFixed(3)}  precision ${it.precision.toFixed(3)}  F1 ${it.f1.toFixed(3)}`,
    );
  }
}

function byShape(all: readonly (MetricSeries & ScoredSeries)[], bar: number): void {
  console.log(`\nby shape, at bar ${bar.toFixed(2)}: found of marked, false events in series-days`);
  for (const shape of new Set(all.map((it) => it.shape))) {
    const score = scoreAt(
      all.filter((it) => it.shape === shape),
      bar,
    );
    console.log(
      `  ${shape.padEnd(16)}${score.hits} of ${score.labels}, ${score.falseEvents} in ${score.seriesDays.toFixed(0)}`,
    );
  }
}

if (flags.help) console.log(HELP);
else {
  const series = Array.from({ length: Number(flags.series) }, (_, i) => generateSeries(Number(flags.seed), i, DAYS));
  const rows = series.reduce((sum, it) => sum + it.values.length, 0);
  const started = process.cpuUsage();
  const product = series.map((it) => ({ ...it, scores: productScores(it) }));
  const microseconds = process.cpuUsage(started).user / rows; // a busy machine does not count
  const points = curve(product);
  console.log(`${series.length} series, seed ${flags.seed}, ${rows} rows, ${microseconds.toFixed(2)} µs a row`);
  report('tripline', points);
  const best = bestF1(points, 75);
  if (best !== null) byShape(product, best.bar);
  const peers = PEER_ROWS.map((memory) => {
    const scored = series.map((it) => ({ ...it, scores: ewmaDeviations(it.values, memory) }));
    const peerPoints = curve(scored);
    report(`EWMA z-score of ${memory} rows`, peerPoints);
    return { memory, at75: bestF1(peerPoints, 75), best: bestF1(peerPoints, Number.POSITIVE_INFINITY) };
  });
  if (flags.json) {
    console.log(JSON.stringify({ microseconds, at50: bestF1(points, 50), at75: best, peers }));
  }
}
