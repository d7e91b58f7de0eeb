import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { disturbed, type Fault, type Run } from './run.ts';

const BROKER_AWAY_MS = 3_000;

const restarting: Fault = {
  needsOwnBroker: true,
  ...disturbed('broker restart', async ({ lab, feeder }) => {
    await feeder.reached(0.3);
    await lab.ownBroker!.restart('SIGTERM', BROKER_AWAY_MS);
    await feeder.reached(0.7);
    await lab.ownBroker!.restart('SIGKILL', BROKER_AWAY_MS);
    return `in order, then kill -9; ${BROKER_AWAY_MS / 1000} s away each`;
  }),
};

const pausing: Fault = {
  needsOwnBroker: true,
  ...disturbed('broker pause', async ({ lab, feeder }) => {
    const pauseMs = lab.isQuick ? 12_000 : 30_000;
    await feeder.reached(0.4);
    lab.ownBroker!.pause();
    await wait(pauseMs);
    lab.ownBroker!.resume();
    return `stopped for ${pauseMs / 1000} s`;
  }),
};

const away = disturbed('ClickHouse away', async ({ lab, installation, feeder }) => {
  const awayMs = lab.isQuick ? 20_000 : 60_000;
  await feeder.reached(0.2);
  await installation.store.setFaults({ away: true });
  await wait(awayMs);
  await installation.store.setFaults({ away: false });
  return `port closed for ${awayMs / 1000} s`;
});

/** Until everything is stored in spite of them: what is compared is read, not inserted. */
async function insertsThatFail(
  { lab, installation, feeder }: Run,
  faults: { errorShare: number } | { ambiguousShare: number },
): Promise<{ inserts: number; errors: number; ambiguous: number }> {
  await installation.store.setFaults({ ...faults, seed: lab.seed });
  await feeder.ended();
  await installation.drained();
  const counts = await installation.store.setFaults({ errorShare: 0, ambiguousShare: 0 }); // the end is not what is disturbed
  if (counts.errors + counts.ambiguous === 0) throw new Error('no insert failed: nothing was injected');
  return counts;
}

const errors = disturbed('ClickHouse errors', async (run) => {
  const counts = await insertsThatFail(run, { errorShare: 0.5 });
  return `${counts.errors} of ${counts.inserts} inserts fail`;
});

const ambiguous = disturbed('ClickHouse ambiguous', async (run) => {
  const counts = await insertsThatFail(run, { ambiguousShare: 0.5 });
  return `${counts.ambiguous} of ${counts.inserts} inserts done, and said to have failed`;
});

const marker = (dir: string): string => join(dir, 'disk-is-full');

const fullDisk = disturbed(
  'full disk for snapshots',
  async ({ installation, feeder }) => {
    const { dir } = installation;
    await feeder.reached(0.2);
    writeFileSync(marker(dir), '');
    await feeder.reached(0.7);
    const refused = installation.workers
      .flatMap((name) => installation.worker(name).log().split('\n'))
      .filter((line) => line.includes('the disk is full')).length;
    rmSync(marker(dir));
    if (refused === 0) throw new Error('no snapshot was refused: nothing was injected');
    return `half of the time, ${refused} snapshots refused`;
  },
  {
    env: ({ lab, dir, stateDir }) => ({
      NODE_OPTIONS: `--import=${join(lab.root, 'dist/test/faults/full-disk.js')}`,
      FAULTS_FULL_DISK: marker(dir),
      FAULTS_FULL_DISK_UNDER: stateDir,
    }),
  },
);

export const INFRA_FAULTS: readonly Fault[] = [restarting, pausing, away, errors, ambiguous, fullDisk];
