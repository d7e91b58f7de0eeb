import { setTimeout as waitFor } from 'node:timers/promises';
import { LogsClient } from '../../infra/aws/logs-client.ts';
import { type LogGroupInfo, type LogsApi, quotaOf } from '../../ingest/cloudwatch/api.ts';
import { Discovery, type DiscoveryClock } from '../../ingest/cloudwatch/discovery.ts';
import type { PollSettings } from '../../ingest/cloudwatch/group-poller.ts';
import { Schedule } from '../../ingest/cloudwatch/schedule.ts';
import { accountOfArn, Selection } from '../../ingest/cloudwatch/selection.ts';
import { TokenBucket } from '../../ingest/cloudwatch/token-bucket.ts';
import type { AssumedRoleSettings, CloudWatchSettings } from '../config-cloudwatch.ts';
import { ConfigError } from '../config-error.ts';
import type { RoleContext } from './context.ts';

/** Requests of one account and region that are under way at a time. */
const MOST_UNDER_WAY = 8;

/** One account and region: its quota is one, whatever asks. */
export interface Connection {
  /** names it in logs */
  readonly name: string;
  readonly api: LogsApi;
  readonly schedule: Schedule;
  /** requests a second that are ours, of all replicas */
  readonly rate: number;
  /** how far our clock is ahead of the service's, ms */
  readonly clockAheadMs: () => number;
  close(): void;
}

/** What one source wants of one account and region. */
export interface Target {
  readonly connection: Connection;
  readonly region: string;
  readonly settings: CloudWatchSettings;
  readonly poll: PollSettings;
  readonly discovery: Discovery;
  /** keys of the groups that it watches → when they were made */
  readonly groups: Map<string, number>;
  /** what it said last when it could not be listed; null = it could */
  trouble: string | null;
  /** it was tried once since the start, or since other partitions came */
  isTried: boolean;
}

export interface TargetOptions {
  readonly clock: DiscoveryClock;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly latenessMs: number;
  /** for tests; else AWS */
  readonly newApi?: ((region: string) => LogsApi) | undefined;
  /** told the time of each answer, ms since 1970 */
  readonly onDate: (dateMs: number) => void;
}

/** @throws {ConfigError} where no region is known */
export function targetsOf(sources: readonly CloudWatchSettings[], options: TargetOptions): Target[] {
  const connections = new Map<string, Connection>();
  const targets: Target[] = [];
  for (const settings of sources) {
    for (const given of settings.roles) {
      const role = given === 'self' ? null : given;
      for (const region of role?.regions ?? settings.regions ?? regionOf(options.env)) {
        const key = [settings.endpoint ?? '', role?.roleArn ?? '', region].join(' ');
        const connection = connections.get(key) ?? connect(settings, role, region, options);
        connections.set(key, connection);
        const { fastestMs, slowestMs, overlapMs } = settings;
        targets.push({
          connection,
          region,
          settings,
          poll: { fastestMs, slowestMs, overlapMs, latenessMs: options.latenessMs },
          discovery: new Discovery(connection.api, new Selection(settings), options.clock),
          groups: new Map(),
          trouble: null,
          isTried: false,
        });
      }
    }
  }
  return targets;
}

/** What discovery goes by; a wait that the signal ends is over. */
export function clockOf({
  nowMs,
  elapsedMs,
  signal,
}: Pick<RoleContext, 'nowMs' | 'elapsedMs' | 'signal'>): DiscoveryClock {
  const wait = (ms: number) => waitFor(ms, undefined, { signal }).catch(() => {});
  return { nowMs, elapsedMs, wait, random: Math.random };
}

function regionOf(env: TargetOptions['env']): readonly string[] {
  const region = env['AWS_REGION'] ?? env['AWS_DEFAULT_REGION'];
  if (region !== undefined && region !== '') return [region];
  throw new ConfigError(['sources: cloudwatch: name its regions, or set AWS_REGION']);
}

function connect(
  settings: CloudWatchSettings,
  role: AssumedRoleSettings | null,
  region: string,
  { clock, newApi, onDate }: TargetOptions,
): Connection {
  const client = new LogsClient({ region, role, endpoint: settings.endpoint ?? null, onDate });
  const rate = (settings.requestsPerSecond ?? quotaOf(region)) * settings.share;
  return {
    name: client.where,
    api: newApi?.(region) ?? client,
    schedule: new Schedule(new TokenBucket(rate, clock.elapsedMs(), clock.random), MOST_UNDER_WAY),
    rate,
    clockAheadMs: () => client.clockAheadMs,
    close: () => client.close(),
  };
}

/** Who a group belongs to: its ARN says it. */
export const accountOf = (group: LogGroupInfo): string => accountOfArn(group.arn) ?? '';

/** Ready is who watches something, or has looked everywhere without trouble. */
export function readinessOf(
  targets: readonly Target[],
  troubles: ReadonlyMap<string, string>,
): [isReady: boolean, reason: string] {
  if (!targets.every(({ isTried }) => isTried)) return [false, 'log groups are being listed'];
  const [why] = [...targets.flatMap(({ trouble }) => trouble ?? []), ...troubles.values()];
  return [why === undefined || targets.some(({ groups }) => groups.size > 0), why ?? ''];
}
