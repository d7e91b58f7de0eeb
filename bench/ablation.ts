import { parseArgs } from 'node:util';
import { loadModel } from '../app/model.ts';
import { ALL_PARTS, type Parts } from '../detectors/ablation.ts';
import type { LearnedModel } from '../models/learned/artifact.ts';
import { quantile } from '../scenarios/report.ts';
import { MINUTE_MS } from '../scenarios/rhythm.ts';
import { type Score, score } from '../scenarios/score.ts';
import { parseFleet, type RankedAlert } from './parsed-fleet.ts';

const HELP = `Usage: npm run bench:ablation -- [options]
What each part of the detection is worth: labelled fleets with one part off at a time. Each fleet is parsed once.
  --seeds N          fleets (4)                    --first-seed S    first of them (101)
  --functions N      of a fleet (60)               --days N          of a fleet (14)
  --invocations N    of a fleet (2000000)          --incidents N     of a fleet (22)
  --only A,B         these variants besides the whole    --json      one JSON line at the end
  --model FILE       also the whole with this learned model`;
const START_MS = Date.UTC(2026, 10, 2); // a Monday

const { values: flags } = parseArgs({
  options: {
    seeds: { type: 'string', default: '4' },
    'first-seed': { type: 'string', default: '101' },
    functions: { type: 'string', default: '60' },
    days: { type: 'string', default: '14' },
    invocations: { type: 'string', default: '2000000' },
    incidents: { type: 'string', default: '22' },
    only: { type: 'string' },
    model: { type: 'string' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

/** One way to run the detection; the first is the product. */
interface Variant {
  readonly name: string;
  readonly parts: Parts;
  readonly model?: LearnedModel;
}

const without = (name: string, parts: Partial<Parts>): Variant => ({ name, parts: { ...ALL_PARTS, ...parts } });
const VARIANTS: readonly Variant[] = [
  { name: 'whole', parts: ALL_PARTS },
  without('horizon of 1 min only', { longestHorizon: 0 }),
  without('horizons to 15 min', { longestHorizon: 2 }),
  without('no hours of the day', { hours: false }),
  without('no weekends', { weekends: false }),
  without('Gaussian tails', { student: false }),
  without('Poisson counts', { dispersion: false }),
  without('no guards', { guards: false }),
  without('no floors', { floors: false }),
  without('scores by the models alone', { calibration: false }),
  without('learn 10 min behind', { learnBehind: false }),
  without('no calibration', { calibration: false }),
  without('no early firing', { early: false }),
  without('no common cause', { commonCause: false }),
];

/** What a variant did on all fleets. */
interface Outcome {
  readonly name: string;
  readonly scores: Score[];
  readonly runs: { readonly alerts: readonly RankedAlert[]; readonly rescore: (bar: number) => Score }[];
  seconds: number;
}

async function main(): Promise<void> {
  if (flags.help) {
    process.stdout.write(`${HELP}\n`);
    return;
  }
  const only = flags.only?.split(',');
  const variants = VARIANTS.filter(({ name }, i) => i === 0 || only === undefined || only.includes(name));
  if (flags.model !== undefined) {
    variants.push({ name: 'with the learned model', parts: ALL_PARTS, model: loadModel(flags.model) });
  }
  const outcomes: Outcome[] = variants.map(({ name }) => ({ name, scores: [], runs: [], seconds: 0 }));
  for (let i = 0; i < Number(flags.seeds); i++) {
    const seed = Number(flags['first-seed']) + i;
    const parsed = await parseFleet({
      seed,
      functions: Number(flags.functions),
      days: Number(flags.days),
      invocations: Number(flags.invocations),
      incidents: Number(flags.incidents),
      startMs: START_MS,
    });
    for (const [v, { parts, model }] of variants.entries()) {
      const startMs = performance.now();
      const alerts = parsed.run({ parts, ...(model === undefined ? {} : { model }) });
      const outcome = outcomes[v]!;
      outcome.seconds += (performance.now() - startMs) / 1000;
      outcome.scores.push(score(alerts, parsed.truth));
      const kept = (bar: number) => alerts.filter((alert) => alert.score === null || alert.score >= bar);
      outcome.runs.push({ alerts, rescore: (bar) => score(kept(bar), parsed.truth) });
    }
    process.stderr.write(`seed ${seed} done\n`);
  }
  process.stdout.write(table(outcomes));
}

interface Figures {
  readonly gross: number | null;
  readonly subtle: number | null;
  readonly falseAlerts: number;
  readonly falsePer1000: number;
  readonly delayMedianMin: number | null;
  readonly delayP95Min: number | null;
}

function figuresOf(scores: readonly Score[]): Figures {
  const findings = scores.flatMap((one) => one.findings);
  const recall = (grade: string) => {
    const those = findings.filter(({ incident }) => incident.grade === grade);
    return those.length === 0 ? null : those.filter(({ alert }) => alert !== null).length / those.length;
  };
  const delays = findings.flatMap(({ incident, delayMs }) =>
    incident.grade === 'gross' && delayMs !== null ? [delayMs / MINUTE_MS] : [],
  );
  const falseAlerts = scores.reduce((sum, one) => sum + one.falseAlerts.length, 0);
  return {
    gross: recall('gross'),
    subtle: recall('subtle'),
    falseAlerts,
    falsePer1000: (1000 * falseAlerts) / scores.reduce((sum, one) => sum + one.functionDays, 0),
    delayMedianMin: quantile(delays, 0.5),
    delayP95Min: quantile(delays, 0.95),
  };
}

/**
 * The figures once only alerts of at least the score count that leaves no more false ones than `most`; null where even
 * the highest bar does not. An alert that is dropped might have been said later with a higher score: a lower bound.
 */
function atEqualFalse({ runs, scores }: Outcome, most: number): Figures | null {
  if (figuresOf(scores).falseAlerts <= most) return figuresOf(scores);
  for (let bar = 6; bar <= 60; bar += bar < 12 ? 0.25 : 2) {
    const figures = figuresOf(runs.map(({ rescore }) => rescore(bar)));
    if (figures.falseAlerts <= most) return figures;
  }
  return null;
}

const number = (value: number | null, digits: number) => (value === null ? '–' : value.toFixed(digits));

function table(outcomes: readonly Outcome[]): string {
  const [whole] = outcomes;
  if (whole === undefined) return '';
  const base = figuresOf(whole.scores);
  const recalls = (f: Figures | null) => (f === null ? 'never' : `${number(f.gross, 3)} / ${number(f.subtle, 3)}`);
  const delays = (f: Figures | null) =>
    f === null ? '' : `${number(f.delayMedianMin, 1)} / ${number(f.delayP95Min, 1)}`;
  const lines = outcomes.map((outcome) => {
    const figures = figuresOf(outcome.scores);
    const equal = atEqualFalse(outcome, base.falseAlerts);
    return [
      outcome.name.padEnd(24),
      recalls(figures).padStart(15),
      number(figures.falsePer1000, 1).padStart(8),
      delays(figures).padStart(14),
      recalls(equal).padStart(17),
      delays(equal).padStart(14),
      number(outcome.seconds, 1).padStart(8),
    ].join(' ');
  });
  const title = [
    'left out'.padEnd(24),
    'gross / subtle'.padStart(15),
    'false*'.padStart(8),
    'delay min**'.padStart(14),
    'at equal false***'.padStart(17),
    'delay min**'.padStart(14),
    'seconds'.padStart(8),
  ].join(' ');
  const fleets = `${whole.scores.length} fleets, ${whole.scores.flatMap((one) => one.findings).length} incidents that count`;
  const notes = `*   per 1,000 function-days after the warm-up\n**  gross incidents, median / p95\n*** the least bar on scores that leaves no more false alerts than the whole has`;
  const json = flags.json
    ? `${JSON.stringify(Object.fromEntries(outcomes.map((o) => [o.name, { ...figuresOf(o.scores), equal: atEqualFalse(o, base.falseAlerts) }])))}\n`
    : '';
  return `${fleets}\n\n${title}\n${lines.join('\n')}\n${notes}\n${json}`;
}

await main();
