import { LogsError, type LogsErrorKind } from '../../ingest/cloudwatch/api.ts';
import { Selection, type SelectionSettings } from '../../ingest/cloudwatch/selection.ts';
import { callerIdentity } from './credentials.ts';
import { LogsClient, type LogsClientOptions } from './logs-client.ts';

/** One IAM action, tried. */
export interface AccessCheck {
  /** such as logs:FilterLogEvents */
  readonly action: string;
  readonly isAllowed: boolean;
  /** why not, or what was seen; one line */
  readonly message: string;
  /** null where it is allowed */
  readonly kind: LogsErrorKind | null;
}

/**
 * Tries each action that polling needs in one account and region: who we are, to list groups, to read one of those that are
 * meant, to see its tags where tags are asked for. One call an action; the rest is left out after the first that fails.
 */
export async function checkAccess(options: LogsClientOptions, selection: SelectionSettings): Promise<AccessCheck[]> {
  const checks: AccessCheck[] = [];
  const client = new LogsClient(options);
  const attempt = async <Answer>(action: string, call: () => Promise<readonly [Answer, string]>) => {
    try {
      const [answer, message] = await call();
      checks.push({ action, isAllowed: true, message, kind: null });
      return answer;
    } catch (error) {
      if (!(error instanceof LogsError)) throw error;
      const { kind, message } = error;
      checks.push({ action: error.action ?? action, isAllowed: false, message, kind });
      return null;
    }
  };
  try {
    const { region, endpoint } = options;
    if (options.role === null) {
      const config = { region, ...(endpoint !== null && { endpoint }) };
      const identity = await attempt('sts:GetCallerIdentity', async () => {
        const who = await callerIdentity(config);
        return [who, who.arn];
      });
      if (identity === null) return checks;
    }
    const wanted = new Selection(selection);
    const group = await attempt('logs:DescribeLogGroups', async () => {
      const prefix = wanted.listings[0] ?? null;
      const { groups } = await client.describeLogGroups({ prefix, nextToken: null });
      const [first] = groups.filter(({ name }) => wanted.has(name));
      return [first, first === undefined ? 'no log group of the first page is meant' : `${first.name} and others`];
    });
    if (group === null || group === undefined) return checks;
    await attempt('logs:FilterLogEvents', async () => {
      const request = { logGroup: group.name, startMs: Date.now() - 60_000, endMs: Date.now(), limit: 1 };
      await client.filterLogEvents({ ...request, nextToken: null });
      return [true, group.name];
    });
    if (wanted.tags.length > 0)
      await attempt('logs:ListTagsForResource', async () => [await client.tagsOf(group.arn), group.name]);
    return checks;
  } finally {
    client.close();
  }
}
