import type { CloudWatchSettings } from '../config-cloudwatch.ts';
import { type Check, fail, ok } from './check.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** Whether each account and region of a CloudWatch source can be listed and read: one request an action. */
export function cloudWatchChecks(what: string, settings: CloudWatchSettings, env: Env): Check[] {
  const own = env['AWS_REGION'] ?? env['AWS_DEFAULT_REGION'] ?? '';
  return settings.roles.flatMap((given) => {
    const role = given === 'self' ? null : given;
    const regions = role?.regions ?? settings.regions ?? [own];
    return regions.map((region) => {
      const where = `${what}, CloudWatch ${role === null ? '' : `${role.roleArn} `}${region}`;
      return { what: where, run: async () => await checkOne(where, settings, role, region) };
    });
  });
}

async function checkOne(
  what: string,
  settings: CloudWatchSettings,
  role: Exclude<CloudWatchSettings['roles'][number], 'self'> | null,
  region: string,
) {
  if (region === '') return [fail(what, 'no region is known', 'name regions: in the source, or set AWS_REGION')];
  const { checkAccess } = await import('../../infra/aws/check-access.ts'); // the SDK is large
  const checks = await checkAccess({ region, role, endpoint: settings.endpoint ?? null }, settings);
  return checks.map(({ action, isAllowed, message, kind }) =>
    isAllowed ? ok(what, `${action}: ${message}`) : fail(what, message, FIXES[kind ?? ''] ?? 'see docs/cloudwatch.md'),
  );
}

const FIXES: Readonly<Record<string, string>> = {
  denied: 'allow that action in the policy of the identity, see docs/cloudwatch.md',
  credentials: 'renew the credentials: environment, profile, or the role of the machine',
  transient: 'look at the network, the endpoint and the region; then try again',
  throttled: 'others use the quota: try again later',
};
