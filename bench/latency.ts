import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { firehoseWay } from './latency-firehose.ts';
import { pollWay } from './latency-poll.ts';
import { type Latencies, measure, type Way } from './latency-run.ts';
import { quantile } from './quantile.ts';

const HELP = `Usage: npm run bench:latency -- [options]
From a line that crosses the bar to the request at Slack: one tripline run, everything embedded, fed by an emulated
CloudWatch Logs that it polls and by the Firehose endpoint. Prints a table.
  --rate N      lines a second (1000)
  --bursts N    incidents for each way in (30)
  --only NAME   poll or firehose
  --quick       10 bursts
  --details     a line for each incident
  --json        a last line of JSON: poll_p99_ms, firehose_p99_ms, verdict_to_send_p99_ms`;

const { values: flags } = parseArgs({
  options: {
    rate: { type: 'string', default: '1000' },
    bursts: { type: 'string' },
    only: { type: 'string' },
    quick: { type: 'boolean', default: false },
    details: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
/** An incident makes two or three messages, and Slack takes one a second. */
const EVERY_MS = 6000;

function textOf(name: string, { lineToRequest, verdictToRequest, bursts, heldRate, others }: Latencies): string {
  const spread = (values: readonly number[]) =>
    `p50 ${quantile(values, 0.5)}, p90 ${quantile(values, 0.9)}, p99 ${quantile(values, 0.99)}, most ${values.at(-1) ?? null} ms`;
  return [
    `${name}, ${Math.round(heldRate)} lines/s: ${lineToRequest.length} of ${bursts} incidents told; ${others} other requests`,
    `  line that crossed the bar → request at Slack   ${spread(lineToRequest)}`,
    `  alert said by detection   → request at Slack   ${spread(verdictToRequest)}\n`,
  ].join('\n');
}

async function main(): Promise<void> {
  if (flags.help) {
    process.stdout.write(`${HELP}\n`);
    return;
  }
  const bursts = Number(flags.bursts ?? (flags.quick ? 10 : 30));
  const ways: Readonly<Record<string, (dir: string) => Promise<Way>>> = { poll: pollWay, firehose: firehoseWay };
  const measured = new Map<string, Latencies>();
  for (const [name, open] of Object.entries(ways)) {
    if (flags.only !== undefined && flags.only !== name) continue;
    const dir = mkdtempSync(join(tmpdir(), 'tripline-latency-'));
    try {
      const options = { dir, rate: Number(flags.rate), bursts, everyMs: EVERY_MS, isDetailed: flags.details };
      const latencies = await measure(await open(dir), options);
      measured.set(name, latencies);
      process.stdout.write(textOf(name, latencies));
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  }
  if (!flags.json) return;
  const p99 = (name: string) => quantile(measured.get(name)?.lineToRequest ?? [], 0.99);
  const sent = [...measured.values()].flatMap(({ verdictToRequest }) => verdictToRequest).sort((a, b) => a - b);
  const json = {
    poll_p99_ms: p99('poll'),
    firehose_p99_ms: p99('firehose'),
    verdict_to_send_p99_ms: quantile(sent, 0.99),
  };
  process.stdout.write(`${JSON.stringify(json)}\n`);
}

await main();
