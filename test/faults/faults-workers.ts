import { existsSync, statSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { Random } from '../../scenarios/random.ts';
import { type Comparison, combine } from './compare.ts';
import type { Installation } from './installation.ts';
import { until } from './lab.ts';
import { against, disturbed, type Fault, type Run, runWith } from './run.ts';
import { TIMES } from './topics.ts';

const KILLS_A_RUN = 5;
const RUNS = 10;
/** How long a worker that died is away before it is started again. */
const AWAY_MS = [50, 2_000] as const;
const NOTIFY_MS = 60_000;
/** Beyond the session timeout, so that others have taken over. */
const PAUSE_MS = TIMES.sessionTimeoutMs + 4_000;

type Target = 'detect' | 'fleet' | 'notify';

/** Who is killed, in turn: mostly workers that hold partitions. */
const TARGETS: readonly Target[] = ['detect', 'notify', 'fleet', 'detect', 'detect', 'fleet', 'detect', 'notify'];

/** The worker that said last that it hosts the fleet stage. */
export function fleetHost(installation: Installation): string {
  const times = installation.workers
    .filter((name) => name.startsWith('detect'))
    .map((name) => {
      const lines = installation.worker(name).log().split('\n');
      const hosts = lines.filter((line) => line.includes('hosts the fleet stage')).at(-1);
      return { name, at: hosts === undefined ? '' : (JSON.parse(hosts) as { time: string }).time };
    });
  return times.reduce((last, it) => (it.at > last.at ? it : last)).name;
}

function nameOf(target: Target, installation: Installation, random: Random): string {
  if (target === 'notify') return 'notify';
  if (target === 'fleet') return fleetHost(installation);
  return random.pick(installation.workers.filter((name) => name.startsWith('detect')));
}

async function killAndRestart(installation: Installation, name: string, awayMs: number): Promise<void> {
  await installation.kill(name);
  await wait(awayMs);
  await installation.start(name === 'notify' ? 'notify' : 'detect', name);
}

/** The worst moment for the file: events are in it, and nothing yet says so. */
async function killNotifyAtFirstAlert({ installation }: Run): Promise<void> {
  const { alertsFile } = installation;
  await until('the first alert', NOTIFY_MS, () => existsSync(alertsFile) && statSync(alertsFile).size > 0);
  await killAndRestart(installation, 'notify', AWAY_MS[0]);
}

async function killSome(run: Run, turn: number): Promise<Target[]> {
  const { installation, feeder, lab } = run;
  const random = new Random(lab.seed, 'kills', turn);
  const points = Array.from({ length: KILLS_A_RUN }, () => random.between(0.03, 1)).sort((a, b) => a - b);
  const killed: Target[] = [];
  for (const [i, point] of points.entries()) {
    if (i === 0 && turn % 5 === 0) {
      await killNotifyAtFirstAlert(run);
      killed.push('notify');
      continue;
    }
    await feeder.reached(point);
    const target = TARGETS[(turn * KILLS_A_RUN + i) % TARGETS.length]!;
    await killAndRestart(installation, nameOf(target, installation, random), random.between(...AWAY_MS));
    killed.push(target);
  }
  return killed;
}

const killing: Fault = {
  name: 'kill -9',
  async run(lab, { records, outcome }) {
    const killed: Target[] = [];
    const comparisons: Comparison[] = [];
    for (let turn = 0; turn < (lab.isQuick ? 1 : RUNS); turn++) {
      const ran = await runWith(lab, { name: `kill ${turn + 1}`, records }, async (run) => {
        killed.push(...(await killSome(run, turn)));
        return '';
      });
      comparisons.push(against(outcome, ran).comparison!);
    }
    const counts = (['detect', 'fleet', 'notify'] as const).map(
      (target) => `${killed.filter((it) => it === target).length} ${target}`,
    );
    return { injected: `${killed.length} kills: ${counts.join(', ')}`, comparison: combine(comparisons) };
  },
};

async function pauseAndContinue(installation: Installation, name: string): Promise<void> {
  const worker = installation.worker(name);
  worker.signal('SIGSTOP');
  await wait(PAUSE_MS);
  worker.signal('SIGCONT');
}

const pausing = disturbed('stopped past its session', async ({ installation, feeder }) => {
  await feeder.reached(0.2);
  await pauseAndContinue(installation, 'detect-1');
  await feeder.reached(0.8);
  await pauseAndContinue(installation, fleetHost(installation));
  return `2 workers stopped for ${PAUSE_MS / 1000} s, the second hosts the fleet stage`;
});

const joining = disturbed('workers join and leave', async ({ installation, feeder }) => {
  await feeder.reached(0.15);
  await installation.start('detect', 'detect-3');
  await feeder.reached(0.35);
  await installation.start('detect', 'detect-4');
  await feeder.reached(0.55);
  await installation.end('detect-1');
  await feeder.reached(0.75);
  await installation.end('detect-3');
  return '2 workers join and 2 leave under load';
});

const ROUNDS = 2;

const rolling = disturbed('rolling restart', async ({ installation, feeder }) => {
  const names = ['detect-1', 'detect-2', 'notify'] as const;
  for (let i = 0; i < ROUNDS * names.length; i++) {
    await feeder.reached((i + 0.5) / (ROUNDS * names.length));
    const name = names[i % names.length]!;
    await installation.end(name);
    await installation.start(name === 'notify' ? 'notify' : 'detect', name);
  }
  return `${ROUNDS} times all ${names.length} workers by SIGTERM`;
});

export const WORKER_FAULTS: readonly Fault[] = [killing, pausing, joining, rolling];
