import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Agent } from 'node:https';
import { createSecureContext } from 'node:tls';
import { type ClickHouseClient, type ClickHouseSettings, createClient } from '@clickhouse/client';
import {
  closeBoth,
  DATABASE,
  type Database,
  QUIET,
  READ_SETTINGS,
  type Sessions,
  WRITE_SETTINGS,
} from './clickhouse.ts';
import { checkSingle, everywhere, findCluster } from './store-cluster.ts';
import { isAuthentication, StoreError } from './store-error.ts';

/** PEM texts. `ca` left out = the certificate authorities that Node knows; `cert` and `key` = who we are, for servers that ask. */
export interface ServerTls {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** A ClickHouse server. */
export interface ServerAddress {
  /** `http://host:port` or `https://host:port` */
  readonly url: string;
  /** `default` unless told */
  readonly user?: string;
  readonly password?: string;
  /** Holds the password, one line. Read again when the server refuses it, so that a rotated secret works without a restart. */
  readonly passwordFile?: string;
  /** Made where it does not exist; `tripline` unless told. */
  readonly database?: string;
  readonly tls?: ServerTls;
  /** A name of `system.clusters`, or a macro in braces: tables are made on all of its servers, replicated. */
  readonly cluster?: string;
  /** How long a server may say nothing; 30 s unless told. */
  readonly requestTimeoutMs?: number;
}

const REQUEST_TIMEOUT_MS = 30_000;
/** A question may run for two minutes (READ_SETTINGS), and sends nothing before its answer. */
const READ_TIMEOUT_MS = 130_000;
/** Of a statement on all servers of a cluster; ClickHouse's own limit is 3 minutes. */
const CLUSTER_TIMEOUT_MS = 190_000;
const MAX_CONNECTIONS = 10;

/**
 * Two sessions on a server's database, which is made where it does not exist.
 * @throws {StoreError} STORE_FAILED: an address that cannot be right; what the client says where the server does not
 * answer or refuses
 */
export async function openServer(address: ServerAddress): Promise<Sessions> {
  checkAddress(address);
  const login = loginOf(address);
  const database = address.database ?? DATABASE;
  const cluster = await prepareDatabase(address, login, database);
  const writes: ClickHouseSettings = {
    ...WRITE_SETTINGS,
    // stored on its shard before the insert is answered, not somewhere on the way
    ...(cluster !== null && { distributed_foreground_insert: 1 }),
  };
  const clients = {
    writer: connect(address, login, cluster === null ? 0 : CLUSTER_TIMEOUT_MS, { database, settings: writes }),
    reader: connect(address, login, READ_TIMEOUT_MS, { database, settings: READ_SETTINGS }),
  };
  return {
    writer: withLogin(clients.writer, login),
    reader: withLogin(clients.reader, login),
    cluster,
    close: () => closeBoth(clients),
  };
}

async function prepareDatabase(address: ServerAddress, login: Login, database: string): Promise<Sessions['cluster']> {
  const client = connect(address, login, address.cluster === undefined ? 0 : CLUSTER_TIMEOUT_MS);
  try {
    const db = withLogin(client, login);
    const cluster = address.cluster === undefined ? null : await findCluster(db, address.cluster, database);
    if (cluster === null) await checkSingle(db, database);
    const found = await db.query({
      query: 'SELECT 1 FROM system.databases WHERE name = {database:String}',
      query_params: { database },
      format: 'JSONEachRow',
    });
    // a user who may only read and write can open what is there
    if ((await found.json()).length === 0) {
      const query = `CREATE DATABASE IF NOT EXISTS {database:Identifier}${everywhere(cluster)}`;
      await db.command({ query, query_params: { database } });
    }
    return cluster;
  } finally {
    await client.close();
  }
}

function connect(
  address: ServerAddress,
  login: Login,
  leastTimeoutMs: number,
  session?: { readonly database: string; readonly settings: ClickHouseSettings },
): ClickHouseClient {
  const { ca, cert, key } = address.tls ?? {};
  const tls = {
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
  };
  return createClient({
    url: address.url,
    application: 'tripline',
    log: QUIET,
    request_timeout: Math.max(leastTimeoutMs, address.requestTimeoutMs ?? REQUEST_TIMEOUT_MS),
    ...login.options,
    ...(session && {
      database: session.database,
      clickhouse_settings: { ...session.settings, wait_end_of_query: 1 as const },
    }),
    // the client's own `tls` cannot do without a CA, and takes a certificate for the login
    ...(address.tls && { http_agent: new Agent({ keepAlive: true, maxSockets: MAX_CONNECTIONS, ...tls }) }),
  });
}

/** Every request carries the password of now; one that the server refuses is repeated once if the file holds another. */
function withLogin(client: ClickHouseClient, login: Login): Database {
  const run = async <Result>(request: () => Promise<Result>, canRepeat = true): Promise<Result> => {
    try {
      return await request();
    } catch (error) {
      if (!isAuthentication(error) || !login.reload() || !canRepeat) throw error;
      return request();
    }
  };
  return {
    command: (params) => run(() => client.command({ ...params, ...login.perRequest() })),
    query: (params) => run(() => client.query({ ...params, ...login.perRequest() })),
    // a stream of rows can be sent once only
    exec: (params) => run(() => client.exec({ ...params, ...login.perRequest() }), !('values' in params)),
  };
}

interface Login {
  readonly options: { readonly http_headers?: Record<string, string>; readonly set_basic_auth_header?: boolean };
  readonly perRequest: () => { readonly auth?: { username: string; password: string } };
  /** Reads the password's file; false where there is none, or it holds what we know. */
  readonly reload: () => boolean;
}

function loginOf({ user = 'default', password, passwordFile, tls }: ServerAddress): Login {
  if (tls?.cert !== undefined && password === undefined && passwordFile === undefined) {
    const headers = { 'X-ClickHouse-User': user, 'X-ClickHouse-SSL-Certificate-Auth': 'on' };
    return {
      options: { http_headers: headers, set_basic_auth_header: false },
      perRequest: () => ({}),
      reload: () => false,
    };
  }
  let known = passwordFile === undefined ? (password ?? '') : readPassword(passwordFile);
  return {
    options: {},
    perRequest: () => ({ auth: { username: user, password: known } }),
    reload: () => {
      if (passwordFile === undefined) return false;
      const before = known;
      known = readPassword(passwordFile);
      return known !== before;
    },
  };
}

function readPassword(file: string): string {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new StoreError('STORE_FAILED', `cannot read the store's password file ${file} (${code})`, { cause });
  }
  const password = text.replace(/\r?\n$/, '');
  if (password === '') throw new StoreError('STORE_FAILED', `the store's password file ${file} is empty`);
  return password;
}

function checkAddress({ url, password, passwordFile, tls }: ServerAddress): void {
  const wrong = (why: string, cause?: unknown) =>
    new StoreError('STORE_FAILED', `the store's address: ${why}`, { cause });
  if (!/^https?:$/.test(new URL(url).protocol)) throw wrong('the URL must begin with http:// or https://');
  if (password !== undefined && passwordFile !== undefined) throw wrong('give password or passwordFile, not both');
  if (tls === undefined) return;
  if (!url.startsWith('https:')) throw wrong('tls needs a URL that begins with https://');
  if ((tls.cert === undefined) !== (tls.key === undefined)) throw wrong('tls.cert and tls.key belong together');
  for (const [name, pem] of Object.entries({ ca: tls.ca, cert: tls.cert })) {
    try {
      if (pem !== undefined) new X509Certificate(pem);
    } catch (cause) {
      throw wrong(`tls.${name} is not a certificate in PEM`, cause);
    }
  }
  try {
    createSecureContext({ ...(tls.cert && { cert: tls.cert }), ...(tls.key && { key: tls.key }) });
  } catch (cause) {
    throw wrong('tls.key is not the private key of tls.cert, in PEM', cause);
  }
}
