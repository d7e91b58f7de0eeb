import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { DEFAULT_DESK } from '../../alerts/desk-settings.ts';
import type { Plan } from './alerts.ts';
import { check } from './check.ts';
import { reportOf, tableOf } from './report.ts';
import { type CommandRun, DESTINATIONS, Scene } from './scene.ts';
import { toldHook, toldSlack } from './told.ts';

const HELP = `Usage: npm run test:storm -- [options]
Thousands of functions open an alert each within a minute, and end. One process with everything that stands behind detection
(local log, desk, outbox, deliveries, views, store), a web hook, and a Slack that takes a message a second. Exits 0 where the
digest came within 60 s, every critical alert alone and once, every end, few messages, no dead letter, in bounded memory.
  --alerts N     how many open (50000)
  --criticals N  of those (25)
  --seconds N    within so long, and they end within so long (60)
  --alone N      openings told alone before it is a storm: alerting.storm.alertsPerMinute (20)
  --hurry        event time runs ahead afterwards, instead of minutes that pass
  --store WHAT   embedded or none (embedded)
  --most-mb N    resident memory of the process at most, MiB
  --keep         leave folders, logs and what was received
  --json         a last line of JSON`;

const { values: flags } = parseArgs({
  options: {
    alerts: { type: 'string', default: '50000' },
    criticals: { type: 'string', default: '25' },
    seconds: { type: 'string', default: '60' },
    alone: { type: 'string', default: String(DEFAULT_DESK.stormAlertsPerMinute) },
    hurry: { type: 'boolean', default: false },
    store: { type: 'string', default: 'embedded' },
    'most-mb': { type: 'string', default: '1024' },
    keep: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const PLAN: Plan = { alerts: Number(flags.alerts), criticals: Number(flags.criticals) };
const ALONE = Number(flags.alone);
const DURING_MS = Number(flags.seconds) * 1000;
const MINUTE_MS = 60_000;
/** Longer than it takes a storm to be over and ends to be told, event time. */
const AFTER_MS = 4 * MINUTE_MS;
/** A destination that takes a message a second needs so long for all it is told at once. */
const DRAIN_MS = 90_000;
const CALM_MS = 2000;

async function storm(scene: Scene) {
  const commands: CommandRun[] = [];
  const told = () => ({ hook: toldHook(scene.hook.answered), slack: toldSlack(scene.slack.answered) });
  const counted = () =>
    told().hook.findLast(({ notice }) => notice?.digest !== undefined)?.notice?.digest?.incidents ?? 0;
  const alone = (name: 'hook' | 'slack') => told()[name].filter(({ kind }) => kind === 'opened').length;
  const ends = (name: 'hook' | 'slack') => told()[name].filter(({ kind }) => kind === 'ended').length;
  const midway = async () => {
    await wait(DURING_MS / 2);
    commands.push(await scene.tripline('status'));
    commands.push(await scene.tripline('incidents'));
  };
  const firstMs = Date.now();
  await Promise.all([scene.order({ say: 'opened', plan: PLAN, duringMs: DURING_MS }), midway()]);
  if (flags.hurry) await scene.order({ leapMs: MINUTE_MS });
  await scene.until(() => counted() + alone('hook') === PLAN.alerts, 2 * MINUTE_MS);
  await scene.until(() => alone('slack') >= alone('hook'), DRAIN_MS);
  await wait(CALM_MS);
  const endsMs = Date.now();
  await Promise.all([scene.order({ say: 'resolved', plan: PLAN, duringMs: DURING_MS }), midway()]);
  if (flags.hurry) await scene.order({ leapMs: AFTER_MS });
  const isOver = () => DESTINATIONS.every((name) => ends(name) > alone(name));
  await scene.until(isOver, DRAIN_MS + (flags.hurry ? 0 : AFTER_MS));
  await wait(CALM_MS);
  return { seen: { ...told(), firstMs, endsMs, beforeStorm: ALONE }, commands };
}

async function main(): Promise<boolean> {
  const dir = mkdtempSync(join(tmpdir(), 'tripline-storm-'));
  let isRight = false;
  const scene = await Scene.open(dir, { store: flags.store, alone: ALONE });
  try {
    const { seen, commands } = await storm(scene);
    const code = await scene.end();
    const { figures, faults } = check(PLAN, seen);
    const dead = DESTINATIONS.reduce((sum, name) => sum + scene.view(name).dead.length, 0);
    const { samples, answersMs } = scene;
    const objections = [...scene.slack.objections, ...scene.hook.objections];
    const report = reportOf({ plan: PLAN, samples, answersMs, commands, figures, dead, objections });
    const mostBytes = Number(flags['most-mb']) * 2 ** 20;
    if (report.peak_rss_mb * 2 ** 20 > mostBytes)
      faults.push(`resident memory ${report.peak_rss_mb} MiB is over its bound`);
    if (dead > 0) faults.push(`${dead} dead letters`);
    if (code !== 0) faults.push(`it ended with ${code}`);
    if (!Number.isFinite(report.ready_max_ms)) faults.push('/readyz was not answered, or not ready');
    for (const it of commands)
      if (it.code !== 0) faults.push(`a command beside it ended with ${it.code}: ${it.stdout}`);
    const refused = objections.filter((why) => why !== 'rate_limited');
    if (refused.length > 0) faults.push(`refused: ${refused.slice(0, 3).join(', ')}`);
    isRight = faults.length === 0;
    process.stdout.write(tableOf(report));
    for (const fault of faults.slice(0, 20)) process.stdout.write(`FAULT ${fault}\n`);
    if (flags.keep || !isRight) writeFileSync(join(dir, 'slack.json'), JSON.stringify(scene.slack.messages, null, 2));
    if (flags.keep || !isRight) writeFileSync(join(dir, 'hook.json'), JSON.stringify(seen.hook, null, 2));
    process.stdout.write(`${isRight ? 'passed' : 'FAILED'}\n`);
    if (flags.json) process.stdout.write(`${JSON.stringify(report)}\n`);
    return isRight;
  } finally {
    await scene.close();
    if (flags.keep || !isRight) process.stderr.write(`left: ${dir}\n`);
    else rmSync(dir, { recursive: true, force: true });
  }
}

if (flags.help) process.stdout.write(`${HELP}\n`);
else process.exitCode = (await main()) ? 0 : 1;
