import type { Random } from './random.ts';

export type Archetype = 'http' | 'queue' | 'cron' | 'sparse' | 'nightly' | 'dormant' | 'newcomer';
/** How the function writes: text with Node or Python application lines, or the JSON format. */
export type Dialect = 'node' | 'python' | 'json';

/** What a function is like when nothing is wrong. Fixed for the whole fleet; deploys move it a little. */
export interface FunctionProfile {
  readonly index: number;
  readonly name: string;
  readonly account: string;
  readonly archetype: Archetype;
  readonly dialect: Dialect;
  /** old = `Task timed out`, `Runtime exited` lines; new = `Status:` in the REPORT */
  readonly failureStyle: 'old' | 'new';
  readonly numberedVersions: boolean;
  readonly xray: boolean;
  readonly insights: boolean;
  /** one line with an HTTP status a call, in one of three shapes; null = none */
  readonly statusShape: 'json' | 'pair' | 'access-log' | null;
  readonly deniedShare: number;
  readonly chatterShare: number;
  readonly memorySizeMb: number;
  readonly memoryBaseShare: number;
  readonly timeoutMs: number;
  readonly initMs: number;
  readonly durationMedianMs: number;
  readonly durationSigma: number;
  readonly slowShare: number;
  readonly slowFactor: number;
  /** how much longer calls take at twice the mean rate: 0.1 = 10 % */
  readonly loadSensitivity: number;
  readonly errorShare: number;
  readonly errorTypes: readonly string[];
  readonly txMedianBytes: number;
  readonly cpuShare: number;
  /** how far this source's clock runs ahead, ms */
  readonly clockAheadMs: number;
  readonly traffic: Traffic;
}

export interface Traffic {
  /** mean calls a minute over a normal week (http, queue, sparse) */
  readonly perMinute: number;
  readonly dailyAmplitude: number;
  readonly peakMinuteOfDay: number;
  readonly weekendFactor: number;
  /** the slow wander of the level: standard deviation of its logarithm */
  readonly wanderSigma: number;
  /** Gamma shape of the minute-to-minute noise; small = over-dispersed */
  readonly noiseShape: number;
  /** mean size of a batch that arrives at once; 1 = single calls */
  readonly batchMean: number;
  readonly cronPeriodMin: number;
  readonly cronOffsetMin: number;
  readonly cronBurst: number;
  readonly nightlyStartMin: number;
  readonly nightlyLengthMin: number;
  /** nothing before: a function that is born later; -Infinity = always there */
  readonly bornMs: number;
  /** nothing of its own after this moment: a function that falls dormant; Infinity = never */
  readonly retiredMs: number;
}

const NOUNS = ['orders', 'checkout', 'payments', 'invoice', 'catalog', 'search', 'users', 'session', 'thumbnail', 'report',
  'export', 'import', 'webhook', 'mailer', 'inventory', 'pricing', 'audit', 'ledger', 'shipping', 'notify']; // biome-ignore format: a list
const VERBS: Record<Archetype, readonly string[]> = {
  http: ['api', 'get', 'authorizer', 'handler', 'graphql'],
  queue: ['worker', 'consumer', 'processor', 'indexer'],
  cron: ['poller', 'sweeper', 'sync', 'heartbeat'],
  sparse: ['admin', 'onboarding', 'approve', 'callback'],
  nightly: ['nightly', 'rollup', 'backup'],
  dormant: ['legacy', 'migrate', 'v1'],
  newcomer: ['test', 'tmp', 'poc'],
};
const NODE_ERRORS = [
  'TypeError',
  'ValidationError',
  'AxiosError',
  'ConditionalCheckFailedException',
  'SyntaxError',
  'NotFoundError',
];
const PYTHON_ERRORS = [
  'KeyError',
  'ValueError',
  'ClientError',
  'ReadTimeoutError',
  'IntegrityError',
  'JSONDecodeError',
];
const MEMORY_SIZES_MB = [128, 128, 256, 256, 512, 512, 1024, 1024, 1536, 2048, 3008];
const TIMEOUTS_MS = [3000, 6000, 10000, 15000, 30000, 60000, 120000, 300000, 900000];

/** Scales of the archetypes that choose their own rate; `free` ones share out the rest by Zipf's law. */
export const FREE: ReadonlySet<Archetype> = new Set(['http', 'queue']);

function trafficOf(archetype: Archetype, random: Random): Traffic {
  const queue = archetype === 'queue';
  return {
    perMinute: archetype === 'sparse' ? random.logBetween(2, 20) / 1440 : 1,
    dailyAmplitude: queue ? random.between(0.1, 0.7) : random.between(0.4, 1.1),
    peakMinuteOfDay: (random.pick([14, 14, 15, 19, 20, 3]) * 60 + random.integer(-60, 60) + 1440) % 1440,
    weekendFactor: random.between(0.3, 1),
    wanderSigma: queue ? random.between(0.12, 0.25) : random.between(0.04, 0.1),
    noiseShape: queue ? random.between(2, 8) : random.between(20, 80),
    batchMean: queue ? random.between(1.5, 6) : 1,
    cronPeriodMin: random.pick([1, 5, 5, 15, 60]),
    cronOffsetMin: random.integer(0, 14),
    cronBurst: random.chance(0.4) ? random.integer(4, 40) : 1,
    nightlyStartMin: random.integer(0, 300),
    nightlyLengthMin: random.integer(15, 70),
    bornMs: Number.NEGATIVE_INFINITY,
    retiredMs: Number.POSITIVE_INFINITY,
  };
}

function timeoutFor(durationMedianMs: number, random: Random): number {
  const enough = TIMEOUTS_MS.filter((timeoutMs) => timeoutMs >= durationMedianMs * 60);
  return random.pick(enough.length === 0 ? TIMEOUTS_MS.slice(-1) : enough.slice(0, 3));
}

/** Draws one function. Costs a few dozen random numbers. */
export function drawProfile(index: number, archetype: Archetype, account: string, random: Random): FunctionProfile {
  const dialect = random.pick<Dialect>(['node', 'node', 'python', 'python', 'json']);
  const durationMedianMs = archetype === 'nightly' ? random.logBetween(400, 4000) : random.logBetween(6, 1500);
  const errorPool = dialect === 'python' ? PYTHON_ERRORS : NODE_ERRORS;
  const firstError = random.integer(0, errorPool.length - 1);
  const http = archetype === 'http';
  return {
    index,
    name: `${random.pick(NOUNS)}-${random.pick(VERBS[archetype])}-${index}`,
    account,
    archetype,
    dialect,
    failureStyle: random.chance(0.6) ? 'new' : 'old',
    numberedVersions: random.chance(0.6),
    xray: random.chance(0.2),
    insights: random.chance(0.4),
    statusShape: http && random.chance(0.6) ? random.pick(['json', 'pair', 'access-log'] as const) : null,
    deniedShare: random.between(0.002, 0.04),
    chatterShare: random.pick([0, 0, 0.05, 0.3]),
    memorySizeMb: random.pick(MEMORY_SIZES_MB),
    memoryBaseShare: random.between(0.25, 0.65),
    timeoutMs: timeoutFor(durationMedianMs, random),
    initMs: random.logBetween(120, 1800),
    durationMedianMs,
    durationSigma: random.between(0.15, 0.5),
    slowShare: random.between(0.01, 0.12),
    slowFactor: random.between(2, 6),
    loadSensitivity: random.between(0, 0.1),
    errorShare: random.chance(0.25) ? 0 : random.logBetween(0.0005, 0.02),
    errorTypes: [errorPool[firstError] ?? 'Error', errorPool[(firstError + 1) % errorPool.length] ?? 'Error'],
    txMedianBytes: random.logBetween(800, 60_000),
    cpuShare: random.between(0.1, 0.6),
    clockAheadMs: 0,
    traffic: trafficOf(archetype, random),
  };
}
