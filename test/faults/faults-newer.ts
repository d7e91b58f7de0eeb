import type { TopicName } from '../../infra/topics.ts';
import { Random } from '../../scenarios/random.ts';
import { fleetHost } from './faults-workers.ts';
import { Installation } from './installation.ts';
import type { Lab } from './lab.ts';
import type { Checked, Fault, Reference } from './run.ts';

const STOP_MS = 60_000;
const MAJOR_AT = 2;

/** A record that only a later version can read, of each kind. */
function newerOf(topic: TopicName, { records }: Reference, random: Random): Uint8Array {
  if (topic !== 'fragments') return Buffer.from(`{"tl":"${topic}","v":[99,0],"body":{}}`);
  const block = Buffer.from(random.pick(records.filter((due) => due.topic === 'fragments')).record);
  block[MAJOR_AT] = 99;
  return block;
}

/** Stops with an error that says why, and does not pass the record over, however often it is started again. */
async function checkStops(installation: Installation, topic: TopicName, reference: Reference, lab: Lab): Promise<void> {
  const random = new Random(lab.seed, 'newer', topic);
  const name = topic === 'alerts' ? 'notify' : 'detect-1';
  const role = topic === 'alerts' ? 'notify' : 'detect';
  await installation.start(role, name);
  if (topic === 'verdicts') fleetHost(installation);
  await installation.topics[topic].publish(0, [newerOf(topic, reference, random)]);
  for (let attempt = 0; attempt < 2; attempt++) {
    if (attempt > 0) installation.launch(role, name);
    const child = installation.worker(name);
    const { code } = await child.endedWithin(STOP_MS, `after a record of a newer version in ${topic}`);
    if (code !== 1) throw new Error(`${name} ended with ${code} at a newer version in ${topic}: ${child.logFile}`);
    if (!/format 99/.test(child.log())) throw new Error(`${name} does not say what is newer: ${child.logFile}`);
  }
  const lags = await installation.progress.lags(installation.busStateDir);
  const group = { fragments: 'detect', verdicts: 'fleet', alerts: 'desk' }[topic as string]!;
  if (lags.get(group) === 0) throw new Error(`${group} has passed over a record of a newer version`);
}

/** An upgrade in the wrong order must not lose anything: whoever cannot read a record stops before it. */
export const NEWER: Fault = {
  name: 'newer format',
  async run(lab, reference): Promise<Checked> {
    const topics: readonly TopicName[] = ['fragments', 'verdicts', 'alerts'];
    for (const topic of topics) {
      const installation = await Installation.open(lab, `newer ${topic}`);
      try {
        await checkStops(installation, topic, reference, lab);
      } finally {
        await installation.close();
      }
    }
    return {
      injected: `a record of a later version in ${topics.join(', ')}: the worker stops, twice`,
      comparison: null,
    };
  },
};
