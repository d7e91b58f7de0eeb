import { z } from 'zod';
import { DEFAULT_KAFKA } from '../infra/kafka-options.ts';
import { type DestinationSettings, Destinations } from './config-destinations.ts';
import { Heartbeat, type HeartbeatSettings } from './config-heartbeat.ts';
import { isLocal, Listen as ListenConfig, type ListenSettings } from './config-listen.ts';
import { AlertingConfig, type AlertingSettings, RoutesConfig, type RoutesSettings } from './config-routes.ts';
import { count, HostPort, milliseconds, text } from './config-shapes.ts';
import { Source, type SourceSettings } from './config-sources.ts';

const HOUR_MS = 3600 * 1000;
const DAY_HOURS = 24;

/** Files in PEM; `true` alone trusts the certificate authorities that Node knows. */
const Tls = z.preprocess(
  (tls) => (tls === true ? {} : tls),
  z
    .union([
      z.literal(false),
      z.strictObject({
        ca: text('file of certificate authorities, PEM').optional(),
        cert: text('file of our certificate, PEM').optional(),
        key: text('file of its key, PEM').optional(),
      }),
    ])
    .describe('true, or the files to trust and to show'),
);

const Sasl = z
  .strictObject({
    mechanism: z.enum(['plain', 'scram-sha-256', 'scram-sha-512']),
    username: text('who we are'),
    password: text('better from the environment, or in a file').optional(),
    passwordFile: text('file that holds the password').optional(),
  })
  .refine((it) => (it.password === undefined) !== (it.passwordFile === undefined), {
    path: ['password'],
    error: 'give password or passwordFile, one of them',
  });

const retention = (hours: number, what: string) =>
  z
    .number()
    .positive()
    .max(24 * 3660)
    .default(hours)
    .describe(`how long ${what} are kept, hours`);

const KafkaTopics = z.strictObject({
  partitions: count(1, 256, 16, 'partitions of fragments: the most detect workers that can share the work'),
  sources: count(1, 256, 16, 'partitions of sources: the most ingest replicas that can share the sources'),
  replication: count(1, 7, 3, 'copies of each partition, where tripline setup makes the topics'),
  retentionHours: z
    .strictObject({
      fragments: retention(2 * DAY_HOURS, 'fragments'),
      verdicts: retention(2 * DAY_HOURS, 'verdicts'),
      alerts: retention(14 * DAY_HOURS, 'alerts'),
      notices: retention(14 * DAY_HOURS, 'notices'),
      rejects: retention(7 * DAY_HOURS, 'dead letters'),
    })
    .prefault({}),
});

const Kafka = z.strictObject({
  brokers: z.array(HostPort).min(1),
  clientId: text('name in the logs of the brokers').default(DEFAULT_KAFKA.clientId),
  prefix: z.string().regex(/^[A-Za-z0-9._-]{1,100}$/, 'letters, digits, dots, dashes').default(DEFAULT_KAFKA.prefix)
    .describe('topics are <prefix>.fragments and so on'),
  tls: Tls.default(false),
  sasl: Sasl.optional(),
  compression: z.enum(['none', 'gzip']).default(DEFAULT_KAFKA.compression).describe('of record batches; blocks are compact already'),
  connectionTimeoutMs: milliseconds(100, 300_000, DEFAULT_KAFKA.connectionTimeoutMs, 'how long a connection may take'),
  requestTimeoutMs: milliseconds(100, 300_000, DEFAULT_KAFKA.requestTimeoutMs, 'how long an answer may take'),
  sessionTimeoutMs: milliseconds(1000, 1_800_000, DEFAULT_KAFKA.sessionTimeoutMs, 'a worker not heard of for so long loses its partitions'),
  heartbeatMs: milliseconds(100, 600_000, DEFAULT_KAFKA.heartbeatMs, 'between two heartbeats'),
  rebalanceTimeoutMs: milliseconds(1000, 1_800_000, DEFAULT_KAFKA.rebalanceTimeoutMs, 'how long a rebalance waits for workers that save their state'),
  maxFetchBytes: count(64 * 1024, 512 * 1024 * 1024, DEFAULT_KAFKA.maxFetchBytes, 'bytes of one answer'),
  maxWaitMs: milliseconds(0, 30_000, DEFAULT_KAFKA.maxWaitMs, 'how long a broker waits for something to answer with'),
  topics: KafkaTopics.prefault({}),
}); // biome-ignore format: one option a line reads as a table

const LocalBus = z.strictObject({
  dir: text('folder of the log').default('./.tripline/bus'),
  keepMb: z.number().int().min(0).max(1_000_000_000).default(0).describe('what is done with is kept while it takes no more than this, MiB'),
}); // biome-ignore format: one option a line reads as a table

/** `local`, `kafka://host:port,host:port`, or an object with everything that can be set. */
export const BusConfig = z.preprocess(
  (bus) => {
    if (bus === undefined || bus === 'local') return { local: {} };
    if (typeof bus === 'string' && bus.startsWith('kafka://')) return { kafka: { brokers: bus.slice(8).split(',') } };
    return bus;
  },
  z
    .strictObject(
      { local: LocalBus.optional(), kafka: Kafka.optional() },
      { error: (issue) => (issue.code === 'invalid_type' ? 'not local, kafka://host:port,host:port or an object' : undefined) },
    )
    .refine((bus) => (bus.local === undefined) !== (bus.kafka === undefined), 'give local or kafka, one of them'),
); // biome-ignore format: the error belongs to its line

const Listen = z.union([z.literal('off'), HostPort]);

export const OPEN_METRICS =
  'others can reach it: give http.token or http.tokenFile for /metrics, or http.insecure: true where the network says who asks';

/** True where others than this machine could read metrics unasked. */
export const isOpen = (http: {
  readonly listen: string;
  readonly token?: string | undefined;
  readonly tokenFile?: string | undefined;
  readonly insecure: boolean;
}): boolean =>
  http.listen !== 'off' && !isLocal(http.listen) && !http.insecure && (http.token ?? http.tokenFile) === undefined;

/** The part of the config file that only `run`, `ingest`, `detect`, `notify` and `setup` read. */
export const LIVE_SHAPE = {
  bus: BusConfig.default({ local: { dir: './.tripline/bus', keepMb: 0 } }).describe(
    'what carries events between the roles: local, kafka://host:port,…, or an object',
  ),
  state: z.string().min(1).default('./.tripline/state').describe('folder of snapshots and positions; all workers share it'),
  sources: z.array(Source).default([]).describe('where tripline ingest and tripline run read from'),
  listen: ListenConfig.optional().describe('who sends logs to us over HTTP: Firehose, OTLP'),
  destinations: Destinations.default([]).describe('where tripline notify and tripline run send alerts'),
  routes: RoutesConfig.default([]).describe('which alerts go where, asked in order; none = everything goes everywhere'),
  alerting: AlertingConfig.prefault({}),
  heartbeat: Heartbeat.optional().describe('an address that is asked as long as the pipeline is alive'),
  live: z
    .strictObject({
      latenessMs: milliseconds(0, 30 * DAY_HOURS * HOUR_MS, 15 * 60_000, 'how late a piece may come and still count'),
      flushMs: milliseconds(10, 10_000, 250, 'how long an event waits for company before it is sent on'),
      snapshotMs: milliseconds(1000, HOUR_MS, 60_000, 'between two snapshots of a partition'),
      laggardMs: milliseconds(60_000, 24 * HOUR_MS, 10 * 60_000, 'alerts do not wait for a partition that nothing is heard of for so long'),
      shutdownMs: milliseconds(1000, 600_000, 20_000, 'how long an orderly end may take'),
    })
    .prefault({}),
  limits: z
    .strictObject({
      functions: count(256, 50_000_000, 500_000, 'functions remembered at a time, in all; beyond it the least used are forgotten'),
      storeBufferMb: count(1, 65_536, 64, 'rows that wait for the store before reading pauses, MiB a process'),
    })
    .prefault({}),
  http: z
    .strictObject({
      listen: Listen.default('127.0.0.1:9464').describe('host:port of health and metrics, or off'),
      token: text('bearer token that /metrics asks for').optional(),
      tokenFile: text('file that holds it').optional(),
      insecure: z.boolean().default(false).describe('no token though others can reach it: the network says who asks'),
    })
    .refine((it) => it.token === undefined || it.tokenFile === undefined, { path: ['token'], error: 'give token or tokenFile, one of them' })
    .refine((it) => !isOpen(it), { path: ['listen'], error: OPEN_METRICS })
    .prefault({}),
  log: z
    .strictObject({
      level: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
      format: z.enum(['auto', 'json', 'text']).default('auto').describe('auto: text on a terminal, else JSON lines'),
    })
    .prefault({}),
} as const; // biome-ignore format: one option a line reads as a table

export type BusSettings = z.infer<typeof BusConfig>;
export type KafkaSettings = NonNullable<BusSettings['kafka']>;

/** How the roles of a live installation are set up. */
export interface Live {
  readonly bus: BusSettings;
  readonly state: string;
  readonly sources: readonly SourceSettings[];
  /** undefined = nobody sends us anything */
  readonly listen: ListenSettings | undefined;
  readonly destinations: readonly DestinationSettings[];
  readonly routes: RoutesSettings;
  readonly alerting: AlertingSettings;
  readonly heartbeat?: HeartbeatSettings | undefined;
  readonly live: z.infer<typeof LIVE_SHAPE.live>;
  readonly limits: z.infer<typeof LIVE_SHAPE.limits>;
  readonly http: z.infer<typeof LIVE_SHAPE.http>;
  readonly log: z.infer<typeof LIVE_SHAPE.log>;
}
