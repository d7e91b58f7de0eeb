import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { DEFAULT_PAGING } from '../alerts/budget-order.ts';
import { Deploys } from '../detectors/deploys.ts';
import { DEFAULT_SETTINGS, type DetectionSettings } from '../detectors/settings.ts';
import { SIGNALS } from '../detectors/signals/signal.ts';
import type { FieldMapping } from '../ingest/clouds/mapping.ts';
import { ConfigError } from './config-error.ts';
import { Fields, fieldMappings } from './config-fields.ts';
import { LIVE_SHAPE, type Live } from './config-live.ts';
import { checkRoutes } from './config-routes.ts';
import { StoreConfig, type StoreSettings } from './config-store.ts';
import { readYaml } from './config-yaml.ts';
import { loadDeploys } from './deploys.ts';

/** One every ten minutes: nobody reads more, and ranks are kept for eight times as many. */
const MOST_PAGES = 1000;
const DAY_MS = 24 * 3600 * 1000;
const Architecture = z.enum(['x86_64', 'arm64']);
const price = (what: string) => z.number().nonnegative().optional().describe(`US dollars ${what}`);

const Detection = z
  .strictObject({
    gradeDelayMs: z
      .number()
      .int()
      .min(0)
      .max(DAY_MS)
      .default(DEFAULT_SETTINGS.gradeDelayMs)
      .describe('how far the watermark must be past the end of a window before it is graded, ms'),
    latenessMs: z
      .number()
      .int()
      .min(0)
      .max(365 * DAY_MS)
      .default(DEFAULT_SETTINGS.latenessMs)
      .describe('how late a piece may come and still correct what is stored, ms'),
    warmupWindows: z
      .number()
      .int()
      .min(1)
      .max(100_000)
      .default(DEFAULT_SETTINGS.warmupWindows)
      .describe('windows a function must have lived before its own history outweighs the pooled priors'),
    bar: z
      .number()
      .min(1)
      .max(300)
      .default(DEFAULT_SETTINGS.bar)
      .describe('-log10 p that a verdict needs when it persists'),
    extremeBar: z
      .number()
      .min(1)
      .max(300)
      .default(DEFAULT_SETTINGS.extremeBar)
      .describe('-log10 p that a verdict needs when it stands alone'),
    closeAfterWindows: z
      .number()
      .int()
      .min(1)
      .max(1440)
      .default(DEFAULT_SETTINGS.closeAfterWindows)
      .describe('quiet windows before an incident closes'),
    disabledSignals: z.array(z.enum(SIGNALS)).default([]).describe('signals to switch off'),
  })
  .refine((it) => it.extremeBar >= it.bar, { path: ['extremeBar'], error: 'must not be below detection.bar' })
  .refine((it) => it.latenessMs >= it.gradeDelayMs, {
    path: ['latenessMs'],
    error: 'must not be below detection.gradeDelayMs',
  });

const Prices = z.strictObject({
  architecture: Architecture.default('x86_64').describe('architecture of functions whose logs do not tell'),
  region: z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'not the name of a region, such as eu-central-1').default('us-east-1')
    .describe('region of functions whose logs do not tell'),
  overrides: z.strictObject({ perGbSecond: price('per GB-second'), perRequest: price('per request') }).prefault({})
    .describe('your own prices, such as after a discount'),
  functions: z.array(z.strictObject({
    match: z.string().min(1),
    architecture: Architecture.optional(),
    memoryMb: z.number().positive().max(1_048_576).optional().describe('memory of functions of other clouds, whose records do not tell it'),
    perGbSecond: price('per GB-second'),
    perRequest: price('per request'),
  })).default([])
    .describe('what is known by name of the function, wildcards allowed; the first match counts'),
}); // biome-ignore format: one option a line reads as a table

const pagesPerWeek = () => z.number().int().min(0).max(MOST_PAGES);

const Owner = z.strictObject({
  name: z.string().min(1).max(100).describe('label in alerts and in `tripline budget`'),
  match: z
    .preprocess((match) => (typeof match === 'string' ? [match] : match), z.array(z.string().min(1)).min(1))
    .describe('names of its functions, wildcards allowed'),
  pages_per_week: pagesPerWeek().describe('how often it may be paged'),
});

const Owners = z.array(Owner).superRefine((owners, context) => {
  const names = owners.map(({ name }) => name);
  for (const [i, name] of names.entries())
    if (names.indexOf(name) < i)
      context.addIssue({ code: 'custom', path: [i, 'name'], message: `${name} is an owner already` });
});

const LocalDate = z.string().refine(isDate, 'not a date, such as 2026-12-25');
const Instant = z
  .string()
  .refine(isInstant, 'not a time with its zone, such as 2026-11-27T00:00+01:00 or 2026-11-26T23:00Z');

const Planned = z
  .strictObject({
    from: Instant.describe('when it begins'),
    to: Instant.describe('when it is over'),
    functions: z.string().min(1).default('*').describe('names of the functions, * and ? allowed'),
    expect: z.enum(['surge', 'quiet', 'any']).default('any').describe('what is to be expected: more calls, fewer or none, anything'),
    note: z.string().min(1).describe('what it is: said with every alert of that time'),
  })
  .refine((it) => !isInstant(it.from) || !isInstant(it.to) || Date.parse(it.from) < Date.parse(it.to), {
    path: ['to'],
    error: 'must be after from',
  }); // biome-ignore format: one option a line reads as a table

/** The config file. The only list of its keys: docs and "did you mean" are made from it. */
export const ConfigFile = z
  .strictObject({
    timeZone: z
      .string()
      .refine(isTimeZone, 'not an IANA time zone, such as Europe/Berlin')
      .default(DEFAULT_SETTINGS.timeZone)
      .describe('time zone that daily and weekly rhythm follow'),
    holidays: z.array(LocalDate).default([]).describe('days off, in that zone: they are like days of a weekend'),
    planned: z
      .array(Planned)
      .default([])
      .describe('events known beforehand: alerts of their time are info, nothing is learnt'),
    store: StoreConfig.default('./.tripline').describe(
      'folder of the embedded database, URL of a ClickHouse server or an object that tells more of it, or none',
    ),
    deploys: z
      .string()
      .min(1)
      .optional()
      .describe('file of deploys, NDJSON or CSV: what is new without one is a warning'),
    invocations: z.enum(['all', 'notable', 'none']).default('notable').describe('which invocation rows are stored'),
    pages_per_week: pagesPerWeek()
      .default(DEFAULT_PAGING.pagesPerWeek)
      .describe('how often somebody may be paged; the other alerts wait for the digest'),
    owners: Owners.default([]).describe('budgets of their own, by function; the first owner that matches counts'),
    model: z
      .string()
      .min(1)
      .nullable()
      .default(null)
      .describe('file of a learned model that windows are judged by, too; from tripline train'),
    detection: Detection.prefault({}),
    prices: Prices.prefault({}),
    fields: Fields.describe(
      'what the JSON of sources means that are not known here; the first entry that fits a record counts',
    ),
    ...LIVE_SHAPE,
  })
  .superRefine(checkRoutes);

export type Prices = z.infer<typeof Prices>;
export type Owner = z.infer<typeof Owner>;

/** Who may be paged how often. It changes no finding, so it is no part of a run's identity: --continue takes a new one. */
export interface Paging {
  readonly pagesPerWeek: number;
  readonly owners: readonly Owner[];
}

export interface Config {
  readonly settings: DetectionSettings;
  readonly prices: Prices;
  readonly store: StoreSettings;
  readonly invocations: 'all' | 'notable' | 'none';
  readonly paging: Paging;
  /** file of deploys, and what it tells; null = none is given, so nothing is unexpected */
  readonly deploysFile: string | null;
  readonly deploys: Deploys | null;
  /** file of the learned model; null = none */
  readonly model: string | null;
  /** what JSON means that is not of a known format */
  readonly fields: readonly FieldMapping[];
  /** what only the roles of a live installation read */
  readonly live: Live;
  /** hash of all that can change what is found: another one is another run */
  readonly configHash: string;
}

/**
 * @param env where `${NAME}` in a value is looked up
 * @throws {ConfigError} with every problem as `file:line: path: rule`
 */
export function parseConfig(
  yaml: string,
  file: string,
  env: Readonly<Record<string, string | undefined>> = {},
): Config {
  const document = readYaml(yaml, file, env);
  if (document.problems.length > 0) throw new ConfigError(document.problems);
  const parsed = ConfigFile.safeParse(document.value);
  if (!parsed.success) throw new ConfigError(document.describe(parsed.error.issues, ConfigFile));
  const { timeZone, holidays, store, invocations, model, pages_per_week, owners, detection, prices } = parsed.data;
  const planned = parsed.data.planned.map(({ from, to, ...rest }) => ({
    fromMs: Date.parse(from),
    toMs: Date.parse(to),
    ...rest,
  }));
  const settings = { ...detection, timeZone, holidays, planned };
  const deploysFile = parsed.data.deploys ?? null;
  const paging = { pagesPerWeek: pages_per_week, owners };
  const configHash = hashOf({ settings, prices });
  const { bus, state, sources, listen, destinations, routes, alerting, heartbeat, limits, http, log } = parsed.data;
  const live = {
    bus,
    state,
    sources,
    listen,
    destinations,
    routes,
    alerting,
    heartbeat,
    live: parsed.data.live,
    limits,
    http,
    log,
  };
  const fields = fieldMappings(parsed.data.fields);
  return { live, settings, prices, fields, store, invocations, model, paging, deploysFile, deploys: null, configHash };
}

/**
 * Reads and checks a config file, without one the defaults, and the file of deploys it names or `deploysFile` does.
 * @throws {ConfigError} also when one of them cannot be read
 */
export function loadConfig(
  file: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
  deploysFile: string | null = null,
): Config {
  const config = readConfig(file, env);
  const from = deploysFile ?? config.deploysFile;
  if (from === null) return config;
  const list = loadDeploys(from);
  // what the file says counts, not where it lies or how it is written
  const configHash = hashOf({ config: config.configHash, deploys: list });
  return { ...config, deploysFile: from, deploys: new Deploys(list), configHash };
}

function readConfig(file: string | undefined, env: Readonly<Record<string, string | undefined>>): Config {
  if (file === undefined) return parseConfig('', 'defaults');
  let yaml: string;
  try {
    yaml = readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (typeof code !== 'string') throw error;
    throw new ConfigError([`${file}: ${code === 'ENOENT' ? 'no such file' : `cannot be read (${code})`}`]);
  }
  return parseConfig(yaml, file, env);
}

function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false; // an offset such as +01:00 knows no daylight saving
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** A day that is in the calendar, as `2026-12-25`. */
function isDate(text: string): boolean {
  const parts = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text);
  if (parts === null) return false;
  const [year, month, day] = parts.slice(1).map(Number) as [number, number, number];
  return new Date(Date.UTC(year, month - 1, day)).toISOString().startsWith(text);
}

/** A time of a day that is in the calendar, with its offset or Z. */
function isInstant(text: string): boolean {
  const isShaped = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.test(text);
  return isShaped && isDate(text.slice(0, 10)) && !Number.isNaN(Date.parse(text));
}

/** Sixteen hexadecimal digits of the SHA-256 of the value with its keys in order. */
function hashOf(value: unknown): string {
  const canonical = JSON.stringify(value, (_key, part: unknown) =>
    part !== null && typeof part === 'object' && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
  return createHash('sha256').update(canonical).digest('hex').slice(0, 16);
}
