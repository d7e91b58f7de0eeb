import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  DeleteLogGroupCommand,
  type InputLogEvent,
  PutLogEventsCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { Random } from '../../scenarios/random.ts';

/** Of a group that is to be deleted everything was taken for sure so long after it was delivered, ms. */
const SETTLED_MS = 4_000;
const STREAMS = 3;
/** How far back the first events are dated, and how many a group has of them. */
const PAST_MS = 30 * 60_000;
const PAST_EVENTS = 40;

/** One log event that was put. */
export interface Written {
  readonly fn: string;
  readonly timestampMs: number;
  readonly writtenMs: number;
  /** when it was delivered to who asked; NaN = not yet, or only to one that was killed before it had handed it on */
  deliveredMs: number;
  /** when it was delivered first, ms */
  firstMs: number;
}

interface Group {
  readonly name: string;
  readonly fn: string;
  /** events a second */
  readonly rate: number;
  readonly events: Written[];
  isRetiring: boolean;
  /** when it is deleted it is made anew */
  returns: boolean;
}

export interface FleetPlan {
  readonly endpoint: string;
  readonly region: string;
  /** of the names of its log groups */
  readonly prefix: string;
  readonly groups: number;
  /** events a second, all groups together */
  readonly rate: number;
  readonly seed: number;
}

const ACCOUNT = '123456789012';
const idOf = (n: number): string => `00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`;
/** The line of invocation `n`, as Lambda writes it. */
export const reportLine = (n: number): string =>
  `REPORT RequestId: ${idOf(n)}\tDuration: 12.00 ms\tBilled Duration: 13 ms\tMemory Size: 128 MB\tMax Memory Used: 64 MB\t\n`;

/** Log groups that come and go, written to by the real SDK in real time; every event is one invocation and is booked. */
export class MotoFleet {
  readonly #plan: FleetPlan;
  readonly #client: CloudWatchLogsClient;
  readonly #random: Random;
  readonly #groups = new Map<string, Group>();
  #names = 0;
  #retired = 0;
  #putMs = 0;
  /** by the number in its request id */
  readonly written: Written[] = [];
  readonly counts = { created: 0, deleted: 0, recreated: 0, puts: 0 };

  constructor(plan: FleetPlan) {
    this.#plan = plan;
    this.#random = new Random('fleet', plan.seed);
    this.#client = new CloudWatchLogsClient({ region: plan.region, endpoint: plan.endpoint });
  }

  /** Makes the groups, with a past. */
  async begin(): Promise<void> {
    const weights = Array.from({ length: this.#plan.groups }, (_, i) => (i + 1) ** -1.3);
    const whole = weights.reduce((sum, weight) => sum + weight, 0);
    for (const weight of weights) {
      const group = await this.#create(this.#newName(), (this.#plan.rate * weight) / whole);
      const nowMs = Date.now();
      const ages = Array.from({ length: PAST_EVENTS }, () => this.#random.between(0, PAST_MS));
      await this.#put(
        group,
        ages.map((ageMs) => nowMs - ageMs),
      );
    }
    this.#putMs = Date.now();
  }

  /** What was said since the last call. */
  async write(): Promise<void> {
    const nowMs = Date.now();
    const seconds = (nowMs - this.#putMs) / 1000;
    this.#putMs = nowMs;
    for (const group of this.#groups.values()) {
      if (group.isRetiring) continue;
      const times = Array.from({ length: this.#random.poisson(group.rate * seconds) }, () => this.#timeOf(nowMs));
      if (times.length > 0) await this.#put(group, times);
    }
  }

  /** Most are of now, some are dated back, and some ahead, as clocks of functions may be. */
  #timeOf(nowMs: number): number {
    const kind = this.#random.unit();
    if (kind < 0.03) return nowMs - this.#random.between(1000, 20_000);
    if (kind < 0.035) return nowMs + this.#random.between(0, 1500);
    return nowMs - this.#random.between(0, 500);
  }

  /** One group is not written to any more: it goes, for another one or to be made anew, once everything of it was read. */
  async retire(): Promise<void> {
    const live = [...this.#groups.values()].filter(({ isRetiring }) => !isRetiring);
    if (live.length < 2) return;
    const group = this.#random.pick(live);
    group.isRetiring = true;
    group.returns = ++this.#retired % 2 === 1;
    if (!group.returns) await this.#create(this.#newName(), group.rate);
  }

  /** Deletes what is to be deleted and was read. */
  async comeAndGo(): Promise<void> {
    const nowMs = Date.now();
    for (const { name, rate, events, isRetiring, returns } of [...this.#groups.values()]) {
      // what nobody could read before it was deleted could not be asked for: the ledger has no such exception
      if (!isRetiring || !events.every(({ deliveredMs }) => nowMs - deliveredMs > SETTLED_MS)) continue;
      await this.#client.send(new DeleteLogGroupCommand({ logGroupName: name }));
      this.#groups.delete(name);
      this.counts.deleted++;
      if (!returns) continue;
      await this.#create(name, rate);
      this.counts.recreated++;
    }
  }

  /** Somebody was given these, whole. */
  delivered(messages: readonly string[]): void {
    const nowMs = Date.now();
    for (const message of messages) {
      const n = Number.parseInt(/^REPORT RequestId: \S{24}(\S{12})/.exec(message)?.[1] ?? '', 16);
      const written = this.written[n];
      if (written === undefined) throw new Error(`nobody wrote ${message}`);
      if (Number.isNaN(written.firstMs)) written.firstMs = nowMs;
      if (Number.isNaN(written.deliveredMs)) written.deliveredMs = nowMs;
    }
  }

  /** The poller was killed: what it was given and did not hand on has to be given once more. */
  killed(hasTaken: (n: number) => boolean): void {
    for (const [n, written] of this.written.entries()) if (!hasTaken(n)) written.deliveredMs = Number.NaN;
  }

  /** Events that were not delivered yet. */
  get owed(): number {
    return this.written.reduce((sum, { deliveredMs }) => sum + (Number.isNaN(deliveredMs) ? 1 : 0), 0);
  }

  /** Deletes what is left. */
  async end(): Promise<void> {
    for (const logGroupName of this.#groups.keys())
      await this.#client.send(new DeleteLogGroupCommand({ logGroupName }));
    this.#client.destroy();
  }

  #newName(): string {
    return `${this.#plan.prefix}fn-${this.#names++}`;
  }

  async #create(name: string, rate: number): Promise<Group> {
    await this.#client.send(new CreateLogGroupCommand({ logGroupName: name }));
    for (let i = 0; i < STREAMS; i++)
      await this.#client.send(new CreateLogStreamCommand({ logGroupName: name, logStreamName: streamOf(i) }));
    const fn = `aws/${ACCOUNT}/${this.#plan.region}/${name.replace(/^\/aws\/lambda\//, '')}`;
    const group: Group = { name, fn, rate, events: [], isRetiring: false, returns: false };
    this.#groups.set(name, group);
    this.counts.created++;
    return group;
  }

  async #put(group: Group, times: readonly number[]): Promise<void> {
    const logEvents: InputLogEvent[] = times
      .map(Math.floor)
      .toSorted((a, b) => a - b)
      .map((timestamp) => {
        const written: Written = {
          fn: group.fn,
          timestampMs: timestamp,
          writtenMs: Date.now(),
          deliveredMs: Number.NaN,
          firstMs: Number.NaN,
        };
        group.events.push(written);
        return { timestamp, message: reportLine(this.written.push(written) - 1) };
      });
    const logStreamName = streamOf(this.#random.integer(0, STREAMS - 1));
    await this.#client.send(new PutLogEventsCommand({ logGroupName: group.name, logStreamName, logEvents }));
    this.counts.puts++;
  }
}

const streamOf = (i: number): string => `2026/11/23/[$LATEST]${String(i).padStart(32, '0')}`;
