import { z } from 'zod';
import { milliseconds, text } from './config-shapes.ts';

const HOUR_MS = 3600 * 1000;
const DAY_MS = 24 * HOUR_MS;
const UNIT_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: HOUR_MS, d: DAY_MS };
/** CloudWatch keeps longer, but no baseline learns from more. */
const MOST_HISTORY_MS = 90 * DAY_MS;

/** `14d`, `36h`, `90m` in ms; NaN for anything else. */
export function durationMs(given: string): number {
  const match = /^(\d{1,6})([smhd])$/.exec(given);
  return match === null ? Number.NaN : Number(match[1]) * UNIT_MS[match[2]!]!;
}

/** How far back is read at the first start, ms; as text `14d`, `36h`, `90m`, or 0. */
export const Since = z
  .union([z.string(), z.literal(0)])
  .transform((given) => (given === 0 || given === '0' ? 0 : durationMs(given)))
  .refine((ms) => ms >= 0 && ms <= MOST_HISTORY_MS, 'not a time such as 14d, 36h or 90m, at most 90d');

const Region = z.string().regex(/^[a-z]{2,4}(-[a-z]+)+-\d{1,2}$/, 'not a region, such as eu-central-1');
const listOf = (item: z.ZodType<string>) =>
  z.preprocess((given) => (typeof given === 'string' ? [given] : given), z.array(item).min(1));
const GroupName = z.string().regex(/^[\w./#-]{1,512}$/, 'not the name of a log group: letters, digits and _ - / . #');
const GroupPattern = z
  .string()
  .regex(/^[\w./#*?-]{1,512}$/, 'not a pattern of names: letters, digits, _ - / . #, * and ?');

/** Whose logs: those of the credentials that are there anyway, or of a role that these may assume. */
const AssumedRole = z.strictObject({
  roleArn: z.string().regex(/^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]{1,512}$/, 'not the ARN of a role, such as arn:aws:iam::123456789012:role/tripline'),
  externalId: text('what the trust policy of the role asks for').min(2).max(1224).optional(),
  sessionName: z.string().regex(/^[\w+=,.@-]{2,64}$/, 'two to 64 letters, digits and + = , . @ -').default('tripline').describe('name in the CloudTrail of that account'),
  regions: listOf(Region).optional().describe('other regions than those of the source'),
}); // biome-ignore format: one option a line reads as a table

const CloudWatch = z.strictObject({
  regions: listOf(Region).optional().describe('default: AWS_REGION'),
  roles: z.array(z.union([z.literal('self'), AssumedRole])).min(1).default(['self']).describe('accounts to read: self, or roles to assume'),
  logGroups: listOf(GroupName).optional().describe('log groups by name'),
  prefix: listOf(GroupName).optional().describe('log groups by the beginning of their name'),
  pattern: listOf(GroupPattern).optional().describe('log groups by pattern: * and ?'),
  exclude: listOf(GroupPattern).optional().describe('not these, by pattern'),
  tags: z.record(z.string().min(1).max(128), z.string().max(256)).optional().describe('only log groups with all of these tags'),
  refreshMs: milliseconds(1000, DAY_MS, 60_000, 'between two looks for log groups that came or went'),
  fastestMs: milliseconds(100, HOUR_MS, 1000, 'between two polls of a busy log group'),
  slowestMs: milliseconds(1000, HOUR_MS, 60_000, 'between two polls of a quiet one'),
  overlapMs: milliseconds(10_000, HOUR_MS, 5 * 60_000, 'how far back is looked for events that came late'),
  requestsPerSecond: z.number().positive().max(1000).optional().describe('quota of FilterLogEvents in an account and region; default by region: 25, 10 or 5'),
  share: z.number().positive().max(1).default(0.5).describe('part of the quota that is ours: others use it, too'),
  since: Since.default(HOUR_MS).describe('how far back is read at the first start: 14d, 36h, 90m or 0'),
  endpoint: z.url({ protocol: /^https?$/, error: 'not a URL' }).optional().describe('another address than that of AWS: an emulator, a VPC endpoint'),
}); // biome-ignore format: one option a line reads as a table

/** `cloudwatch: {…}` among the sources; without any choice of groups those of functions: /aws/lambda/. */
export const CloudWatchSource = z.strictObject({
  cloudwatch: CloudWatch.refine(({ fastestMs, slowestMs }) => fastestMs <= slowestMs, {
    path: ['fastestMs'],
    error: 'must not be more than slowestMs',
  }).transform(({ prefix, ...rest }) => ({
    ...rest,
    prefix: prefix ?? (rest.logGroups === undefined && rest.pattern === undefined ? ['/aws/lambda/'] : []),
  })),
});

export type CloudWatchSettings = z.infer<typeof CloudWatchSource>['cloudwatch'];
export type AssumedRoleSettings = z.infer<typeof AssumedRole>;
