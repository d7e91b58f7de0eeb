import { z } from 'zod';
import { type FieldMapping, type Place, placeOf, type Sign } from '../ingest/clouds/mapping.ts';

/** `a.b`, or `/a/b`; a value that is the same in all records as `{ value: … }`. */
const PathText = z
  .string()
  .min(1, 'is empty')
  .max(300)
  .refine((path) => path.startsWith('/') || !path.split('.').includes(''), 'not a path, such as a.b or /a/b')
  .refine((path) => !path.startsWith('/') || !/~(?![01])/.test(path), 'in a pointer ~ is written ~0');
const Constant = z.strictObject({ value: z.union([z.string().min(1), z.number()]) });
const place = (what: string) => z.union([PathText, Constant], 'not a path, nor { value: … }').describe(what);
const Scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);

const sign = (what: string) =>
  z
    .union(
      [
        PathText,
        z
          .strictObject({
            path: PathText,
            values: z.preprocess((it) => (Array.isArray(it) ? it : [it]), z.array(Scalar).min(1)).optional(),
            atLeast: z.number().optional(),
          })
          .refine((it) => it.values === undefined || it.atLeast === undefined, 'values or atLeast, not both'),
      ],
      'not a path, nor { path, values } or { path, atLeast }',
    )
    .optional()
    .describe(what);

const Field = z
  .strictObject({
    when: z
      .record(PathText, Scalar)
      .refine((it) => Object.keys(it).length > 0, 'needs at least one path: without it every JSON record would fit')
      .describe('what a record must hold, by path; * = anything'),
    provider: z.string().regex(/^[a-z][a-z0-9_-]{0,30}$/, 'lower-case letters, digits, - and _')
      .describe('name of the provider, as it is to stand in alerts'),
    function: place('path of the name of the function'),
    account: place('path of the account').optional(),
    region: place('path of the region').optional(),
    version: place('path of the version').optional(),
    instance: place('path of the environment').optional(),
    time: place('path of the time'),
    timeUnit: z.enum(['iso', 's', 'ms', 'us', 'ns']).default('iso').describe('ISO 8601 text, or units since 1970'),
    timeIs: z.enum(['start', 'end']).default('end').describe('what the time is of an invocation'),
    durationMs: place('path of the duration, ms').optional(),
    duration: place('path of the duration, in durationUnit').optional(),
    durationUnit: z.enum(['s', 'ms', 'us', 'ns']).optional().describe('unit of duration'),
    billedMs: place('path of the billed duration, ms').optional(),
    initMs: place('path of the time that a cold start took, ms').optional(),
    memoryMb: place('path of the memory size, MB').optional(),
    memoryUsedMb: place('path of the memory used, MB').optional(),
    error: sign('path and values that mean a failure; a path alone: anything but false'),
    timeout: sign('path and values that mean a timeout'),
    errorType: place('path of the type of the error').optional(),
    httpStatus: place('path of the HTTP status').optional(),
    requestId: place('path of the request id').optional(),
    costUsd: place('path of the cost, US dollars').optional(),
    bytesOut: place('path of the bytes sent').optional(),
    coldStart: place('path of a boolean: a cold start').optional(),
    weight: place('path of the number of invocations that a sampled record stands for').optional(),
    message: place('path of a text that the function printed').optional(),
  })
  .refine((it) => it.duration === undefined || it.durationMs === undefined, {
    path: ['duration'],
    error: 'durationMs is given, too: one of them',
  })
  .refine((it) => (it.duration === undefined) === (it.durationUnit === undefined), {
    path: ['duration'],
    error: 'duration and durationUnit belong together',
  }); // biome-ignore format: one option a line reads as a table

/** `fields:` of the configuration: what JSON means that no format known here is. */
export const Fields = z.array(Field).default([]);

type Given = z.infer<typeof Field>;
type PlaceGiven = Given['function'];

const MS = { s: 1000, ms: 1, us: 1e-3, ns: 1e-6 } as const;

/** The mappings as the parser takes them. */
export const fieldMappings = (fields: readonly Given[]): FieldMapping[] => fields.map(mappingOf);

function mappingOf(given: Given): FieldMapping {
  return {
    when: Object.entries(given.when).map(([path, value]) => ({ place: placeOf(path), value })),
    provider: given.provider,
    function: toPlace(given.function),
    account: orNull(given.account),
    region: orNull(given.region),
    version: orNull(given.version),
    instance: orNull(given.instance),
    time: toPlace(given.time),
    timeUnit: given.timeUnit,
    timeIs: given.timeIs,
    duration: orNull(given.durationMs ?? given.duration),
    durationMs: MS[given.durationUnit ?? 'ms'],
    billedMs: orNull(given.billedMs),
    initMs: orNull(given.initMs),
    memoryMb: orNull(given.memoryMb),
    memoryUsedMb: orNull(given.memoryUsedMb),
    error: signOf(given.error),
    timeout: signOf(given.timeout),
    errorType: orNull(given.errorType),
    httpStatus: orNull(given.httpStatus),
    requestId: orNull(given.requestId),
    costUsd: orNull(given.costUsd),
    bytesOut: orNull(given.bytesOut),
    coldStart: orNull(given.coldStart),
    weight: orNull(given.weight),
    message: orNull(given.message),
  };
}

const toPlace = (given: PlaceGiven): Place => (typeof given === 'string' ? placeOf(given) : given);
const orNull = (given: PlaceGiven | undefined): Place | null => (given === undefined ? null : toPlace(given));

function signOf(given: Given['error']): Sign | null {
  if (given === undefined) return null;
  if (typeof given === 'string') return { place: placeOf(given), values: null, atLeast: Number.NaN };
  return { place: placeOf(given.path), values: given.values ?? null, atLeast: given.atLeast ?? Number.NaN };
}
