import { z } from 'zod';
import { CloudWatchSource } from './config-cloudwatch.ts';
import { text } from './config-shapes.ts';

/** What files hold lines that are to be followed. */
const FileSource = z.strictObject({
  files: z.preprocess((files) => (typeof files === 'string' ? [files] : files), z.array(z.string().min(1)).min(1))
    .describe('files, folders or patterns'),
  logGroup: text('log group of lines that do not tell theirs').optional(),
  account: text('account of lines that do not tell theirs').optional(),
  region: text('region of lines that do not tell theirs').optional(),
  follow: z.boolean().default(true).describe('wait for more at the end of a file, and for new files'),
}); // biome-ignore format: one option a line reads as a table

/** Each kind has a key of its own, which says what is meant: so an error is of that kind, not of all of them. */
const KINDS = { files: FileSource, cloudwatch: CloudWatchSource } as const;

export type FileSourceSettings = z.infer<typeof FileSource>;
export type SourceSettings = FileSourceSettings | z.infer<typeof CloudWatchSource>;

export const Source = z.unknown().transform((given, context): SourceSettings => {
  const keys = typeof given === 'object' && given !== null ? Object.keys(given) : [];
  const kinds = (Object.keys(KINDS) as (keyof typeof KINDS)[]).filter((kind) => keys.includes(kind));
  const [kind] = kinds;
  if (kind === undefined || kinds.length > 1) {
    const message = `a source has one of the keys ${Object.keys(KINDS).join(', ')}`;
    context.addIssue({ code: 'custom', message, input: given });
    return z.NEVER;
  }
  const parsed = KINDS[kind].safeParse(given);
  if (parsed.success) return parsed.data;
  for (const issue of parsed.error.issues) context.addIssue({ ...issue, input: given } as never);
  return z.NEVER;
});

export const isFileSource = (source: SourceSettings): source is FileSourceSettings => 'files' in source;
export const isCloudWatchSource = (source: SourceSettings): source is z.infer<typeof CloudWatchSource> =>
  'cloudwatch' in source;
