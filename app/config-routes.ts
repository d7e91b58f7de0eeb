import { z } from 'zod';
import { patternFault } from '../alerts/desk-match.ts';
import { DEFAULT_DESK, type DeskSettings } from '../alerts/desk-settings.ts';
import { THREATS } from '../alerts/threats.ts';
import { SIGNALS } from '../detectors/signals/signal.ts';
import { count, milliseconds } from './config-shapes.ts';
import { nearest } from './nearest.ts';

const DAY_MS = 24 * 3600 * 1000;
export const SEVERITIES = ['critical', 'error', 'warning', 'info'] as const;

const listOf = <T extends z.ZodType>(item: T) =>
  z.preprocess(
    (value) => (value === undefined || Array.isArray(value) ? value : [value]),
    z.array(item).min(1).optional(),
  );

const Pattern = z.string().superRefine((pattern, context) => {
  const fault = patternFault(pattern);
  if (fault !== null) context.addIssue({ code: 'custom', message: fault });
});
const THREAT_IDS = Object.keys(THREATS) as [string, ...string[]];

/** Accounts of AWS have 12 digits: YAML reads a shorter number out of one that begins with a zero. */
const LEAST_ACCOUNT = 1e11;
const ACCOUNT_FAULT = 'put an account in quotes: a number loses the zero that it begins with';

/** What an alert must be; also the flags of `tripline silence add`. */
export const MatchConfig = z.strictObject({
  severity: listOf(z.enum(SEVERITIES)),
  signal: listOf(z.enum(SIGNALS)),
  function: listOf(Pattern),
  account: listOf(z.union([z.string().min(1), z.number().int().min(LEAST_ACCOUNT, ACCOUNT_FAULT)]).transform(String)),
  threat: listOf(z.enum(THREAT_IDS)),
  owner: listOf(z.string().min(1)),
  page: z.boolean().optional(),
});

const Route = z.strictObject({
  match: MatchConfig.default({}).describe('what an alert must be; left out = any'),
  to: z.preprocess((to) => (typeof to === 'string' ? [to] : to), z.array(z.string().min(1)).min(1)),
  continue: z.boolean().default(false).describe('ask the routes below, too'),
});

export const RoutesConfig = z.array(Route).max(1000);

export const AlertingConfig = z.strictObject({
  holdMs: milliseconds(0, DAY_MS, DEFAULT_DESK.holdMs, 'an incident that is not critical must last so long before it is told'),
  flapHoldMs: milliseconds(0, DAY_MS, DEFAULT_DESK.flapHoldMs, 'an end is told after so long, and not where the same opens again meanwhile'),
  reopenMs: milliseconds(0, 7 * DAY_MS, DEFAULT_DESK.reopenMs, 'what opens again so soon after its end is the same incident'),
  expireAfterMs: milliseconds(3600 * 1000, 365 * DAY_MS, DEFAULT_DESK.expireAfterMs, 'an incident that nothing is heard of for so long is over'),
  renotifyAfterMs: milliseconds(0, 365 * DAY_MS, DEFAULT_DESK.renotifyAfterMs, 'what is open and not acknowledged is told again after so long; 0 = never'),
  storm: z.strictObject({
    alertsPerMinute: count(1, 100_000, DEFAULT_DESK.stormAlertsPerMinute, 'more openings in a minute than this are told as one; critical ones still alone'),
  }).prefault({}),
}); // biome-ignore format: one option a line reads as a table

export type RoutesSettings = z.infer<typeof RoutesConfig>;
export type AlertingSettings = z.infer<typeof AlertingConfig>;

interface Routed {
  readonly routes: RoutesSettings;
  readonly destinations: readonly { readonly name: string }[];
}

/** Names in routes that no destination has, for `superRefine` of the whole file. */
export function checkRoutes({ routes, destinations }: Routed, context: z.core.$RefinementCtx): void {
  const names = destinations.map(({ name }) => name);
  for (const [i, { to }] of routes.entries())
    for (const [j, name] of to.entries()) {
      if (names.includes(name)) continue;
      const meant = nearest(name, names);
      const hint = meant === undefined ? '' : `, did you mean ${meant}?`;
      context.addIssue({
        code: 'custom',
        path: ['routes', i, 'to', j],
        message: `${name} is the name of no destination${hint}`,
      });
    }
}

/** The desk as the configuration sets it. */
export function deskSettingsOf({
  routes,
  destinations,
  alerting,
}: Routed & { readonly alerting: AlertingSettings }): DeskSettings {
  const { storm, ...times } = alerting;
  return {
    ...times,
    stormAlertsPerMinute: storm.alertsPerMinute,
    destinations: destinations.map(({ name }) => name),
    routes: routes.map(({ match, to, continue: goesOn }) => ({ match: matchOf(match), to, continue: goesOn })),
  };
}

/** Without the fields that are not there. */
export const matchOf = (match: z.infer<typeof MatchConfig>): DeskSettings['routes'][number]['match'] =>
  Object.fromEntries(Object.entries(match).filter(([, value]) => value !== undefined));
