import { type Comparison, compare, type Outcome } from './compare.ts';
import { type Due, Feeder } from './feeder.ts';
import { Installation, type Settings } from './installation.ts';
import type { Lab } from './lab.ts';

/** An installation under load: it is fed, and something is done to it meanwhile. */
export interface Run {
  readonly lab: Lab;
  readonly installation: Installation;
  readonly feeder: Feeder;
}

export interface RunOptions {
  readonly name: string;
  readonly detectWorkers?: number;
  readonly settings?: Settings;
  /** what is published, and when */
  readonly records: readonly Due[];
  /** of the workers that are started first */
  readonly env?: (installation: Installation) => Record<string, string>;
}

/** What a run came to. */
export interface Ran {
  /** what was injected */
  readonly injected: string;
  readonly outcome: Outcome;
}

export const detectNames = (count: number): string[] => Array.from({ length: count }, (_, i) => `detect-${i + 1}`);

/** Starts the workers, feeds them while `inject` does its work, waits until everything is done, and ends them in order. */
export async function runWith(
  lab: Lab,
  options: RunOptions,
  inject: (run: Run) => Promise<string> = async () => 'nothing',
): Promise<Ran> {
  const installation = await Installation.open(lab, options.name, options.settings);
  try {
    const env = options.env?.(installation) ?? {};
    const starting = detectNames(options.detectWorkers ?? 2).map((name) => installation.start('detect', name, [], env));
    await Promise.all([...starting, installation.start('notify', 'notify', [], env)]);
    const feeder = new Feeder(installation.topics, options.records, lab.feedMs);
    feeder.start();
    const injected = await inject({ lab, installation, feeder });
    await feeder.ended();
    await installation.drained();
    await installation.endAll();
    return { injected, outcome: await installation.outcome() };
  } finally {
    await installation.close();
  }
}

/** A row of the table. */
export interface Row {
  readonly name: string;
  readonly injected: string;
  readonly comparison: Comparison | null;
  /** why it failed, apart from what differs; null = it did not */
  readonly failure: string | null;
  readonly seconds: number;
}

export const passed = ({ comparison, failure }: Row): boolean => failure === null && (comparison?.isEqual ?? true);

export interface Checked {
  readonly injected: string;
  readonly comparison: Comparison | null;
}

/** Runs it whatever happens in it: a row that cannot be finished is one that failed. */
export async function rowOf(lab: Lab, name: string, work: () => Promise<Checked>): Promise<Row> {
  const startMs = Date.now();
  const seconds = () => (Date.now() - startMs) / 1000;
  lab.say(`${name} …`);
  try {
    return { name, ...(await work()), failure: null, seconds: seconds() };
  } catch (error) {
    const failure = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { name, injected: '', comparison: null, failure, seconds: seconds() };
  }
}

/** What every fault is compared with, and fed with. */
export interface Reference {
  readonly records: readonly Due[];
  readonly outcome: Outcome;
}

export interface Fault {
  readonly name: string;
  /** the broker itself is what is disturbed */
  readonly needsOwnBroker?: true;
  /** left out of quick runs */
  readonly isSlow?: true;
  run(lab: Lab, reference: Reference): Promise<Checked>;
}

/** A fault that leaves what is fed as it is. */
export function disturbed(
  name: string,
  inject: (run: Run) => Promise<string>,
  options: Omit<RunOptions, 'name' | 'records'> = {},
): Fault {
  return {
    name,
    async run(lab, { records, outcome }) {
      return against(outcome, await runWith(lab, { name, records, ...options }, inject));
    },
  };
}

export const against = (expected: Outcome, { injected, outcome }: Ran): Checked => ({
  injected,
  comparison: compare(expected, outcome),
});
