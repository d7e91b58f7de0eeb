import type { JsonObject } from '../formats/log-event.ts';

/** Where a value stands in a record, as keys from the outside in; or the value itself. */
export type Place = { readonly path: string; readonly keys: readonly string[] } | { readonly value: string | number };

export type TimeUnit = 'iso' | 's' | 'ms' | 'us' | 'ns';

/** What means a failure: one of these values, or a number from here on. */
export interface Sign {
  readonly place: Place;
  readonly values: readonly (string | number | boolean | null)[] | null;
  readonly atLeast: number;
}

/** What the JSON of a source that is not known here means, as the configuration says it. */
export interface FieldMapping {
  /** all must hold; a value of `*` asks only that there is one */
  readonly when: readonly { readonly place: Place; readonly value: string | number | boolean | null }[];
  readonly provider: string;
  readonly function: Place;
  readonly account: Place | null;
  readonly region: Place | null;
  readonly version: Place | null;
  readonly instance: Place | null;
  readonly time: Place;
  readonly timeUnit: TimeUnit;
  readonly timeIs: 'start' | 'end';
  readonly duration: Place | null;
  /** ms in one unit of the duration */
  readonly durationMs: number;
  readonly billedMs: Place | null;
  readonly initMs: Place | null;
  readonly memoryMb: Place | null;
  readonly memoryUsedMb: Place | null;
  readonly error: Sign | null;
  readonly timeout: Sign | null;
  readonly errorType: Place | null;
  readonly httpStatus: Place | null;
  readonly requestId: Place | null;
  readonly costUsd: Place | null;
  readonly bytesOut: Place | null;
  readonly coldStart: Place | null;
  readonly weight: Place | null;
  readonly message: Place | null;
}

/** The place that a path names: a JSON pointer (`/a/b~1c`), or keys with dots between them. */
export function placeOf(path: string): Place {
  if (!path.startsWith('/')) return { path, keys: path.split('.') };
  const keys = path.slice(1).split('/');
  return { path, keys: keys.map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~')) };
}

/** What stands there; undefined for nothing. A key that holds the dots itself goes before the way through objects. */
export function valueAt(record: JsonObject, place: Place): unknown {
  if ('value' in place) return place.value;
  if (Object.hasOwn(record, place.path)) return record[place.path];
  let at: unknown = record;
  for (const key of place.keys) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return undefined;
    at = (at as JsonObject)[key];
  }
  return at;
}
