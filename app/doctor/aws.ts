import { callerIdentity } from '../../infra/aws/credentials.ts';
import { LogsClient } from '../../infra/aws/logs-client.ts';
import { ProbeError, probeHttp } from '../../infra/probe.ts';
import { LogsError, type LogsErrorKind } from '../../ingest/cloudwatch/api.ts';
import { Selection } from '../../ingest/cloudwatch/selection.ts';
import type { AssumedRoleSettings, CloudWatchSettings } from '../config-cloudwatch.ts';
import { plural } from '../style.ts';
import { type Check, type Finding, fail, ok, skewFinding, skipped, warn } from './check.ts';
import type { DoctorWorld } from './world.ts';

/** Pages of 50 groups that are looked through: enough to know that something is meant. */
const PAGES = 10;

/** One check for each account and region of the source. */
export function cloudWatchChecks(settings: CloudWatchSettings, world: DoctorWorld): Check[] {
  const own = settings.regions ?? [world.env.AWS_REGION ?? world.env.AWS_DEFAULT_REGION ?? ''];
  return settings.roles.flatMap((role) => {
    const regions = (role === 'self' ? null : role.regions) ?? own;
    return regions.map((region) => targetCheck({ settings, role: role === 'self' ? null : role, region, world }));
  });
}

interface Target {
  readonly settings: CloudWatchSettings;
  readonly role: AssumedRoleSettings | null;
  readonly region: string;
  readonly world: DoctorWorld;
}

function targetCheck(target: Target): Check {
  const { role, region } = target;
  const what = `aws ${region || 'without a region'}${role === null ? '' : ` ${accountOf(role.roleArn)}`}`;
  return { what, run: (signal) => findingsOf(what, target, signal) };
}

const accountOf = (roleArn: string): string => roleArn.split(':')[4] ?? roleArn;

async function findingsOf(what: string, target: Target, signal: AbortSignal): Promise<Finding[]> {
  const { region, settings, role } = target;
  if (region === '') return [fail(what, 'no region is told', 'add regions: to the source, or set AWS_REGION')];
  const reached = await reach(what, target, signal);
  if (reached.some(({ verdict, what: about }) => verdict === 'fail' && about !== 'clock')) return reached;
  const isClockOff = reached.some(({ verdict }) => verdict === 'fail');
  // signatures depend on it: what AWS says then is about the clock, whatever it names
  if (isClockOff) return [...reached, skipped(what, 'not asked further: requests cannot be signed with this clock')];
  const findings: Finding[] = [...reached];
  try {
    findings.push(...(await identityFindings(what, settings, region)));
    const assumed =
      role === null ? null : { roleArn: role.roleArn, externalId: role.externalId, sessionName: role.sessionName };
    const client = new LogsClient({ region, role: assumed, endpoint: settings.endpoint ?? null });
    try {
      findings.push(...(await groupFindings(what, client, target)));
    } finally {
      client.close();
    }
  } catch (error) {
    if (!(error instanceof LogsError)) throw error;
    findings.push(troubleOf(what, error, target));
  }
  return findings;
}

/** Who we are; nothing where an endpoint is told that has only logs behind it. @throws {LogsError} */
async function identityFindings(what: string, { endpoint }: CloudWatchSettings, region: string): Promise<Finding[]> {
  try {
    const { arn } = await callerIdentity({ region, ...(endpoint !== undefined && { endpoint }) });
    return arn === '' ? [] : [ok(what, `we are ${arn}`)];
  } catch (error) {
    if (endpoint !== undefined && error instanceof LogsError && error.kind !== 'credentials') return [];
    throw error;
  }
}

/** Whether the address answers at all, without saying who we are; and its clock. */
async function reach(what: string, { settings, region, world }: Target, signal: AbortSignal): Promise<Finding[]> {
  const endpoint = settings.endpoint ?? `https://logs.${region}.amazonaws.com`;
  try {
    const { dateMs } = await probeHttp(endpoint, { signal });
    return dateMs === null ? [] : [skewFinding('AWS', dateMs, world.nowMs())];
  } catch (error) {
    if (!(error instanceof ProbeError)) throw error;
    const { host } = new URL(endpoint);
    const suspect =
      settings.endpoint === undefined ? `is ${region} the name of a region?` : 'is endpoint: of the source right?';
    const fix = `${suspect} Otherwise let this machine reach ${host} (DNS, proxy, firewall, VPC endpoint)`;
    return [fail(what, `${host}: ${error.message}`, fix)];
  }
}

async function groupFindings(what: string, client: LogsClient, { settings }: Target): Promise<Finding[]> {
  const selection = new Selection(settings);
  const meant: { readonly name: string; readonly arn: string }[] = [];
  let isMore = false;
  for (const prefix of selection.listings.length === 0 ? [null] : selection.listings) {
    let nextToken: string | null = null;
    for (let page = 0; page < PAGES; page++) {
      const listed = await client.describeLogGroups({ prefix, nextToken });
      meant.push(...listed.groups.filter(({ name }) => selection.has(name)));
      nextToken = listed.nextToken;
      if (nextToken === null) break;
    }
    isMore ||= nextToken !== null;
  }
  const [first] = meant;
  if (first === undefined)
    return [
      warn(
        what,
        'no log group is meant by this source',
        'look at prefix, pattern, logGroups and exclude, and at the region: aws logs describe-log-groups',
      ),
    ];
  const nowMs = Date.now();
  await client.filterLogEvents({
    logGroup: first.name,
    startMs: nowMs - 60_000,
    endMs: nowMs,
    limit: 1,
    nextToken: null,
  });
  if (selection.tags.length > 0) await client.tagsOf(first.arn);
  return [ok(what, `${isMore ? 'more than ' : ''}${plural(meant.length, 'log group')}, and ${first.name} can be read`)];
}

const FIXES: Readonly<Record<LogsErrorKind, string>> = {
  denied: '',
  credentials:
    'set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give the machine a role; aws sts get-caller-identity tries them',
  throttled: 'others use up the quota of this account and region: try again, or lower share of the source',
  gone: 'it was deleted meanwhile: try again',
  token: 'try again',
  transient: 'AWS does not answer as it should: try again, and look at a proxy between',
  refused: 'see the message',
};

function troubleOf(what: string, error: LogsError, { role }: Target): Finding {
  const { kind, message, action } = error;
  if (kind === 'credentials') {
    const isNone = /CredentialsProviderError|TokenProviderError/.test(message);
    return fail(
      what,
      isNone ? 'there are no AWS credentials' : `AWS does not take these credentials: ${message}`,
      FIXES[kind],
    );
  }
  if (kind !== 'denied') return fail(what, message, FIXES[kind]);
  if (action === 'sts:AssumeRole')
    return fail(
      what,
      message,
      `allow sts:AssumeRole on ${role?.roleArn ?? 'the role'} to us, and name us in its trust policy (with the external id, if it asks for one)`,
    );
  return fail(
    what,
    message,
    `allow ${action ?? 'the action'} to ${role === null ? 'us' : role.roleArn}: infra/deploy/aws/terraform/polling-role/polling-policy.json is the policy`,
  );
}
