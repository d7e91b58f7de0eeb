import { Random } from '../../scenarios/random.ts';
import { type Comparison, compareLines, isSame, type Lines, type Outcome } from './compare.ts';
import type { Due } from './feeder.ts';
import type { Installation } from './installation.ts';
import { against, type Fault, type Run, runWith } from './run.ts';
import { readTopic } from './topics.ts';

const REPEATED_SHARE = 0.3;

const partsOf = (records: readonly Due[]): Due[][] => {
  const parts = new Map<string, Due[]>();
  for (const due of records) {
    const key = `${due.topic}/${due.partition}`;
    const part = parts.get(key) ?? [];
    part.push(due);
    parts.set(key, part);
  }
  return [...parts.values()];
};

/** Some records come again, right away or after one or two others of their partition. */
function repeated(records: readonly Due[], random: Random): { records: Due[]; count: number } {
  let count = 0;
  const all = partsOf(records).flatMap((part) => {
    const copies: Due[] = [];
    for (const [i, due] of part.entries()) {
      if (due.topic !== 'fragments' || !random.chance(REPEATED_SHARE)) continue;
      const behind = part[Math.min(part.length - 1, i + random.integer(0, 3))]!;
      copies.push({ ...due, at: behind.at + 1e-6 });
      count++;
    }
    return [...part, ...copies];
  });
  return { records: all, count };
}

/** Publishes some records of a topic a second time, as a producer does that did not hear the answer. */
async function echo({ installation, lab }: Run, topic: 'verdicts' | 'alerts', until: AbortSignal): Promise<number> {
  const bus = installation.topics[topic];
  const random = new Random(lab.seed, 'echo', topic);
  const said = new Set<string>();
  let count = 0;
  for await (const { records, partition } of bus.subscribe(`echo-${topic}`, { signal: until, startAt: () => 0 })) {
    for (const record of records) {
      const text = Buffer.from(record).toString('base64');
      if (said.has(text) || !random.chance(REPEATED_SHARE)) continue;
      said.add(text);
      await bus.publish(partition, [record]);
      count++;
    }
  }
  return count;
}

const duplicates: Fault = {
  name: 'duplicate deliveries',
  async run(lab, reference) {
    const { records, count } = repeated(reference.records, new Random(lab.seed, 'repeated'));
    const ran = await runWith(lab, { name: this.name, records }, async (run) => {
      const ended = new AbortController();
      const echoes = [echo(run, 'verdicts', ended.signal), echo(run, 'alerts', ended.signal)];
      await run.feeder.ended();
      await run.installation.drained();
      ended.abort();
      const [verdicts, alerts] = await Promise.all(echoes);
      return `${count} blocks, ${verdicts} verdicts, ${alerts} alerts published twice`;
    });
    return against(reference.outcome, ran);
  },
};

/** What no program of any version can read. */
function poisonsOf(records: readonly Due[], random: Random): Due[] {
  const poisons: Due[] = [];
  const add = (topic: Due['topic'], partition: number, like: Uint8Array) => {
    const garbage = Uint8Array.from({ length: 64 }, () => random.integer(0, 256));
    garbage[0] = 0xee; // neither a block nor a message begins so
    for (const record of [garbage, like.subarray(0, Math.floor(like.length / 2)), new Uint8Array(0)]) {
      poisons.push({ at: random.between(0.1, 0.9), topic, partition, record });
    }
  };
  for (const part of partsOf(records)) {
    const { topic, partition, record } = part[part.length >> 1]!;
    if (topic === 'fragments') add(topic, partition, record);
  }
  const message = Buffer.from('{"tl":"verdicts","v":[1,0],"body":{"partition":0}}');
  add('verdicts', 0, message);
  add('alerts', 0, message);
  return poisons;
}

/** Where the poison lies: what `rejects` must say of each. */
async function originsOf(installation: Installation, poisons: readonly Due[]): Promise<string[]> {
  const texts = new Set(poisons.map(({ record }) => Buffer.from(record).toString('base64')));
  const origins: string[] = [];
  for (const topic of new Set(poisons.map((due) => due.topic))) {
    const partitions = await readTopic(installation.topics, topic, await installation.progress.ends(topic));
    for (const [partition, list] of partitions.entries()) {
      for (const [offset, record] of list.entries()) {
        if (texts.has(Buffer.from(record).toString('base64'))) origins.push(`${topic}/${partition}\t${offset}`);
      }
    }
  }
  return origins;
}

/** Everything but the poison is as it was, and of each poison there is one row. */
function comparePoisoned(expected: Outcome, found: Outcome, origins: readonly string[]): Comparison {
  const rejects = found.tables.get('rejects') ?? [];
  const isPoison = (row: string) => row.includes('\tpoison record: ');
  const others = new Map(found.tables).set(
    'rejects',
    rejects.filter((row) => !isPoison(row)),
  );
  const { comparison } = against(expected, { injected: '', outcome: { ...found, tables: others } });
  const { alerts, tables } = comparison!;
  const placed = rejects.filter(isPoison).map((row) => row.split('\t').slice(0, 2).join('\t'));
  const poison: Lines = compareLines('poison in rejects', origins, placed);
  const all = [...tables, poison];
  return { alerts, tables: all, isEqual: [alerts, ...all].every(isSame) };
}

const poison: Fault = {
  name: 'poison messages',
  async run(lab, reference) {
    const poisons = poisonsOf(reference.records, new Random(lab.seed, 'poison'));
    let origins: string[] = [];
    const records = [...reference.records, ...poisons];
    const { outcome } = await runWith(lab, { name: this.name, records }, async ({ installation, feeder }) => {
      await feeder.ended();
      await installation.drained();
      origins = await originsOf(installation, poisons);
      if (origins.length !== poisons.length)
        throw new Error(`${origins.length} of ${poisons.length} poisons are there`);
      return '';
    });
    const injected = `${poisons.length} records: garbage, cut, empty; in fragments, verdicts, alerts`;
    return { injected, comparison: comparePoisoned(reference.outcome, outcome, origins) };
  },
};

export const DATA_FAULTS: readonly Fault[] = [duplicates, poison];
