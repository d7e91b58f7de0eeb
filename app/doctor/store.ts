import type { ServerAddress } from '../../infra/clickhouse-server.ts';
import { type Probed, ProbeError, probeHttp } from '../../infra/probe.ts';
import { holderOf } from '../../infra/store-folder.ts';
import { migrations } from '../../infra/store-migrations.ts';
import { addressOf, readNamed, type StoreSettings } from '../config-store.ts';
import { type Check, type Finding, fail, ok, skewFinding, skipped, warn } from './check.ts';
import { folderCheck } from './machine.ts';
import type { DoctorWorld } from './world.ts';

const WHAT = 'store';
/** Numbers of ClickHouse's errors. */
const CODES = {
  unknownTable: 60,
  unknownDatabase: 81,
  authentication: 516,
  wrongPassword: 193,
  accessDenied: 497,
} as const;

export function storeCheck(settings: StoreSettings, world: DoctorWorld): Check {
  if (settings === 'none')
    return { what: WHAT, run: async () => [skipped(WHAT, 'none: nothing is kept for later questions')] };
  const address = addressOf(settings);
  return 'dir' in address
    ? dirCheck(address.dir, world)
    : { what: WHAT, run: (signal) => checkServer(address, world, signal) };
}

function dirCheck(dir: string, world: DoctorWorld): Check {
  const folder = folderCheck(WHAT, dir, world);
  return {
    what: WHAT,
    async run(signal) {
      const holder = holderOf(dir);
      const findings = await folder.run(signal);
      if (holder === null || findings.some(({ verdict }) => verdict === 'fail')) return findings;
      if (world.running.some(({ pid }) => pid === holder))
        return [
          ...findings,
          skipped(WHAT, `held by the running installation (process ${holder}), which lets others read`),
        ];
      return [
        ...findings,
        warn(
          WHAT,
          `process ${holder} holds ${dir}`,
          `wait for it to end: tripline run cannot open the store before (it is another tripline, or ClickHouse)`,
        ),
      ];
    },
  };
}

type Ask = (sql: string) => Promise<Probed>;

async function checkServer(address: ServerAddress, world: DoctorWorld, signal: AbortSignal): Promise<Finding[]> {
  const { url, database = 'tripline', tls } = address;
  const ask: Ask = (sql) =>
    probeHttp(url, {
      method: 'POST',
      body: sql,
      headers: loginOf(address),
      signal,
      ...(tls === undefined ? {} : { tls }),
    });
  let version: Probed;
  try {
    version = await ask('SELECT version()');
  } catch (error) {
    if (!(error instanceof ProbeError)) throw error;
    return [
      fail(
        WHAT,
        `ClickHouse at ${url}: ${error.message}`,
        'look at store.url, and whether the server runs and may be reached from here',
      ),
    ];
  }
  const clock = version.dateMs === null ? [] : [skewFinding('ClickHouse', version.dateMs, world.nowMs())];
  if (version.status !== 200) return [refusal(url, address.user ?? 'default', version), ...clock];
  const found = await ask(`SELECT max(number) FROM "${database.replaceAll('"', '""')}".migrations`);
  return [migrationFinding(url, version.text.trim(), database, found), ...clock];
}

function loginOf({ user, password, passwordFile }: ServerAddress): Record<string, string> {
  const secret =
    passwordFile === undefined ? password : readNamed('store.passwordFile', passwordFile).replace(/\r?\n$/, '');
  return { 'x-clickhouse-user': user ?? 'default', ...(secret === undefined ? {} : { 'x-clickhouse-key': secret }) };
}

const codeOf = ({ text }: Probed): number => Number(/Code: (\d+)/.exec(text)?.[1] ?? Number.NaN);

function refusal(url: string, user: string, answer: Probed): Finding {
  const code = codeOf(answer);
  if (code === CODES.authentication || code === CODES.wrongPassword || answer.status === 401)
    return fail(
      WHAT,
      `ClickHouse at ${url} does not take user ${user} with this password`,
      'look at store.user and store.password or store.passwordFile',
    );
  if (code === CODES.accessDenied || answer.status === 403)
    return fail(
      WHAT,
      `ClickHouse at ${url} lets user ${user} do nothing`,
      'grant it reading and writing of the database: docs/clickhouse.md',
    );
  return fail(
    WHAT,
    `${url} answers ${answer.status}${Number.isNaN(code) ? ', and is no ClickHouse' : ` (code ${code})`}`,
    'look at store.url: the port of HTTP is 8123, of HTTPS 8443',
  );
}

function migrationFinding(url: string, version: string, database: string, found: Probed): Finding {
  const newest = migrations().at(-1)?.number ?? 0;
  const server = `ClickHouse ${version} at ${url}`;
  if (found.status === 200) {
    const applied = Number(found.text.trim());
    if (applied === newest) return ok(WHAT, `${server}: tables are up to date`);
    if (applied > newest)
      return fail(
        WHAT,
        `${server}: its tables are of a newer tripline (${applied}, this one knows ${newest})`,
        'upgrade this tripline, or use another database',
      );
    return warn(
      WHAT,
      `${server}: tables are ${newest - applied} versions behind`,
      'tripline setup (tripline run does it, too)',
    );
  }
  const code = codeOf(found);
  if (code === CODES.unknownDatabase || code === CODES.unknownTable)
    return warn(
      WHAT,
      `${server}: there are no tables in database ${database} yet`,
      'tripline setup (tripline run does it, too)',
    );
  return fail(
    WHAT,
    `${server}: database ${database} cannot be read (code ${code})`,
    'grant this user reading and writing of the database: docs/clickhouse.md',
  );
}
