import { z } from 'zod';
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

export const Source = FileSource;

export type SourceSettings = z.infer<typeof Source>;
export type FileSourceSettings = z.infer<typeof FileSource>;
