import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { type StoreAddress, storeAddress } from '../infra/store.ts';
import { ConfigError } from './config-error.ts';

const file = (what: string) => z.string().min(1).optional().describe(`file of ${what}, PEM`);

/** A ClickHouse server with all that can be said of it. */
const StoreServer = z.strictObject({
  url: z.url({ protocol: /^https?$/, error: 'not the URL of a ClickHouse server, such as https://clickhouse:8443' }),
  user: z.string().min(1).optional(),
  password: z.string().min(1).optional().describe('better from the environment, or in a file'),
  passwordFile: z.string().min(1).optional().describe('file that holds the password; read again when the server refuses it'),
  database: z.string().min(1).optional().describe('made where it does not exist'),
  cluster: z.string().min(1).optional().describe('name of a cluster: tables are made on all of its servers, replicated'),
  tls: z.strictObject({ ca: file('certificate authorities'), cert: file('our certificate'), key: file('its key') }).optional(),
  requestTimeoutMs: z.number().int().min(100).max(3_600_000).optional(),
}); // biome-ignore format: one option a line reads as a table

const StoreText = z.string().min(1);

/** A folder, the URL of a server, `none`, or a server with all that can be said of it: told apart by what is given. */
export const StoreConfig = z.unknown().transform((given, context): StoreSettings => {
  const schema = given !== null && typeof given === 'object' ? StoreServer : StoreText;
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  for (const issue of parsed.error.issues) context.issues.push({ ...issue, input: given } as never);
  return z.NEVER;
});

export type StoreSettings = string | z.infer<typeof StoreServer>;

/** What a command line or the configuration names as the store. @throws {ConfigError} where a file cannot be read */
export function addressOf(store: StoreSettings): StoreAddress {
  if (typeof store === 'string') return storeAddress(store);
  const { tls, ...rest } = store;
  const given = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined)) as { url: string };
  if (tls === undefined) return given;
  const pem = Object.entries(tls).flatMap(([name, path]) =>
    path === undefined ? [] : [[name, readNamed(`store.tls.${name}`, path)]],
  );
  return { ...given, tls: Object.fromEntries(pem) as Record<string, string> };
}

/** @throws {ConfigError} that names the key and the file, not the content */
export function readNamed(key: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (typeof code !== 'string') throw error;
    throw new ConfigError([`${key}: ${path}: ${code === 'ENOENT' ? 'no such file' : `cannot be read (${code})`}`]);
  }
}
