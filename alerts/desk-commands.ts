import { type Match, patternFault } from './desk-match.ts';
import type { DeskSettings } from './desk-settings.ts';

export const LABELS = ['true', 'false', 'planned'] as const;
export type Label = (typeof LABELS)[number];

export interface Silence {
  readonly id: string;
  readonly match: Match;
  /** event time at which it is over, ms */
  readonly untilMs: number;
  readonly by: string;
  readonly why: string;
}

/** What people, and the program itself, ask of the desk. Each has an id, by which it is known when it comes twice. */
export type DeskCommand = {
  readonly id: string /** when it was given, by the clock of whoever did */;
  readonly atMs?: number;
} & (
  | { readonly kind: 'ack'; readonly incident: string; readonly by: string; readonly note: string }
  | {
      readonly kind: 'label';
      readonly incident: string;
      readonly label: Label;
      readonly by: string;
      readonly note: string;
    }
  | { readonly kind: 'silence'; readonly silence: Silence }
  | { readonly kind: 'unsilence'; readonly silence: string; readonly by: string; readonly why: string }
  /** what is from before that time is the past: it is not told, and what is still open then is told once */
  | { readonly kind: 'history'; readonly untilMs: number }
  | { readonly kind: 'settings'; readonly settings: DeskSettings }
  /** carried out by the destinations */
  | { readonly kind: 'resend'; readonly destination: string; readonly delivery: string; readonly by: string }
);

type Fields = Readonly<Record<string, unknown>>;

const LONGEST = 1000;
const isText = (value: unknown): value is string => typeof value === 'string' && value.length <= LONGEST;
const isName = (value: unknown): value is string => isText(value) && value !== '';
/** No date is further from 1970, ms. */
const FURTHEST_MS = 8.64e15;
const isTime = (value: unknown): boolean => typeof value === 'number' && Math.abs(value) <= FURTHEST_MS;
const isNames = (value: unknown): value is string[] => Array.isArray(value) && value.every(isName);
const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const CHECKS: Readonly<Record<DeskCommand['kind'], (it: Fields) => string | null>> = {
  ack: (it) => (isName(it['incident']) && isName(it['by']) && isText(it['note']) ? null : 'needs incident, by, note'),
  label: (it) => {
    if (!isName(it['incident']) || !isName(it['by']) || !isText(it['note'])) return 'needs incident, label, by, note';
    return LABELS.includes(it['label'] as Label) ? null : `label is not ${LABELS.join(', ')}`;
  },
  silence: ({ silence: it }) => {
    if (!isObject(it) || !isName(it['id']) || !isName(it['by']) || !isText(it['why']) || !isTime(it['untilMs']))
      return 'needs silence: id, match, untilMs, by, why';
    return isMatch(it['match']) ? null : 'its match is none, or would match everything';
  },
  unsilence: (it) => (isName(it['silence']) && isName(it['by']) && isText(it['why']) ? null : 'needs silence, by, why'),
  history: (it) => (isTime(it['untilMs']) ? null : 'needs untilMs'),
  settings: (it) => settingsFault(it['settings']),
  resend: (it) =>
    isName(it['destination']) && isName(it['delivery']) && isName(it['by']) ? null : 'needs destination, by',
};

const LISTS = ['severity', 'signal', 'function', 'account', 'threat', 'owner'];

function isMatch(value: unknown): boolean {
  if (!isObject(value)) return false;
  const fields = Object.entries(value).filter(([, values]) => values !== undefined);
  if (fields.length === 0) return false;
  return fields.every(([name, values]) => {
    if (name === 'page') return typeof values === 'boolean';
    if (!LISTS.includes(name) || !isNames(values) || values.length === 0) return false;
    return name !== 'function' || values.every((it) => patternFault(it) === null);
  });
}

const TIMES = ['holdMs', 'flapHoldMs', 'reopenMs', 'expireAfterMs', 'renotifyAfterMs', 'stormAlertsPerMinute'];

/** A desk that took others could say nothing any more, nor could the next process. */
function settingsFault(settings: unknown): string | null {
  if (!isObject(settings) || !isNames(settings['destinations'])) return 'needs settings with destinations';
  for (const name of TIMES) if (!isTime(settings[name]) || (settings[name] as number) < 0) return `needs ${name}`;
  const { routes } = settings;
  return Array.isArray(routes) && routes.every(isRoute) ? null : 'needs routes: match, to, continue';
}

/** Of a route an empty match is one: everything goes there. */
const isRoute = (it: unknown): boolean =>
  isObject(it) &&
  isNames(it['to']) &&
  typeof it['continue'] === 'boolean' &&
  isObject(it['match']) &&
  (Object.keys(it['match']).length === 0 || isMatch(it['match']));

/** The command that plain data from outside is, or why it is none. */
export function commandOf(data: unknown): DeskCommand | string {
  if (!isObject(data) || !isName(data['id'])) return 'a command has an id';
  const kind = data['kind'] as DeskCommand['kind'];
  if (typeof kind !== 'string' || !Object.hasOwn(CHECKS, kind)) return `${JSON.stringify(kind)} is no command`;
  const fault = data['atMs'] === undefined || isTime(data['atMs']) ? CHECKS[kind](data) : 'has an atMs that is no time';
  return fault === null ? (data as DeskCommand) : `${kind} ${fault}`;
}
