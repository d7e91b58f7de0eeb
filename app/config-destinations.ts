import { resolve } from 'node:path';
import { z } from 'zod';
import { milliseconds, text } from './config-shapes.ts';

const DestinationName = z.string().regex(/^[a-z0-9][a-z0-9-]{0,49}$/, 'lower-case letters, digits and dashes');

function hasCredentials(url: string): boolean {
  const { username, password } = new URL(url);
  return username !== '' || password !== '';
}

const Destination = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('stdout'), name: DestinationName.default('stdout') }),
  z.strictObject({ type: z.literal('file'), name: DestinationName.default('file'), path: text('NDJSON file to append to') }),
  z.strictObject({
    type: z.literal('webhook'),
    name: DestinationName.default('webhook'),
    url: z
      .url({ protocol: /^https?$/, error: 'not the URL of a web hook' })
      .refine((url) => !hasCredentials(url), 'a name or password does not belong into a URL: it would be shown in errors'),
    timeoutMs: milliseconds(100, 120_000, 10_000, 'how long an answer may take'),
  }),
]); // biome-ignore format: one kind a line reads as a table

export const Destinations = z.array(Destination).superRefine((destinations, context) => {
  const names = destinations.map(({ name }) => name);
  for (const [i, name] of names.entries())
    if (names.indexOf(name) < i)
      context.addIssue({ code: 'custom', path: [i, 'name'], message: `${name} is the name of a destination already` });
  const files = destinations.map((it) => (it.type === 'file' ? resolve(it.path) : null));
  for (const [i, file] of files.entries())
    if (file !== null && files.indexOf(file) < i)
      context.addIssue({ code: 'custom', path: [i, 'path'], message: 'is the file of a destination already' });
});

export type DestinationSettings = z.infer<typeof Destination>;
