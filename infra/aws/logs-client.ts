import {
  CloudWatchLogsClient,
  DescribeLogGroupsCommand,
  FilterLogEventsCommand,
  ListTagsForResourceCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import type { EventPage, EventRequest, GroupPage, LogsApi } from '../../ingest/cloudwatch/api.ts';
import { logsErrorOf } from './aws-errors.ts';
import { type AssumedRole, assumeRole, type Credentials } from './credentials.ts';

const CONNECTION_TIMEOUT_MS = 3000;
const REQUEST_TIMEOUT_MS = 15_000;
const GROUPS_A_PAGE = 50;

export interface LogsClientOptions {
  readonly region: string;
  /** null = the credentials that are there: environment, profile, container, instance */
  readonly role: AssumedRole | null;
  /** instead of AWS's own; null = AWS */
  readonly endpoint: string | null;
  readonly requestTimeoutMs?: number;
  /** told the time of each answer by its `Date` header, ms since 1970; also of refusals */
  readonly onDate?: (dateMs: number) => void;
}

/**
 * CloudWatch Logs in one account and region. One call is one request: when and how often to try again is the schedule's to
 * decide, which knows the quota. Credentials of an assumed role are renewed before they end, and at once when they are
 * refused.
 */
export class LogsClient implements LogsApi {
  readonly #options: LogsClientOptions;
  /** names the target in errors */
  readonly where: string;
  #client: CloudWatchLogsClient | null = null;
  #clockAheadMs = 0;

  constructor(options: LogsClientOptions) {
    this.#options = options;
    this.where = options.role === null ? options.region : `${options.role.roleArn} ${options.region}`;
  }

  /** How far our clock is ahead of the service's by its last answer, to a second, ms; 0 before the first. */
  get clockAheadMs(): number {
    return this.#clockAheadMs;
  }

  async filterLogEvents(request: EventRequest): Promise<EventPage> {
    const { logGroup, startMs, endMs, limit, nextToken } = request;
    const command = new FilterLogEventsCommand({
      logGroupName: logGroup,
      startTime: startMs,
      endTime: endMs,
      limit,
      ...(nextToken !== null && { nextToken }),
    });
    const page = await this.#call('logs:FilterLogEvents', logGroup, (client) => client.send(command));
    const events = (page.events ?? []).map((event) => ({
      id: event.eventId ?? '',
      timestampMs: event.timestamp ?? Number.NaN,
      ingestionMs: event.ingestionTime ?? Number.NaN,
      stream: event.logStreamName ?? '',
      message: event.message ?? '',
    }));
    return { events, nextToken: page.nextToken ?? null };
  }

  async describeLogGroups(request: { prefix: string | null; nextToken: string | null }): Promise<GroupPage> {
    const { prefix, nextToken } = request;
    const command = new DescribeLogGroupsCommand({
      limit: GROUPS_A_PAGE,
      ...(prefix !== null && { logGroupNamePrefix: prefix }),
      ...(nextToken !== null && { nextToken }),
    });
    const page = await this.#call('logs:DescribeLogGroups', '', (client) => client.send(command));
    const groups = (page.logGroups ?? []).map((group) => ({
      name: group.logGroupName ?? '',
      arn: group.logGroupArn ?? (group.arn ?? '').replace(/:\*$/, ''),
      createdMs: group.creationTime ?? 0,
    }));
    return { groups, nextToken: page.nextToken ?? null };
  }

  async tagsOf(arn: string): Promise<Readonly<Record<string, string>>> {
    const command = new ListTagsForResourceCommand({ resourceArn: arn });
    return (await this.#call('logs:ListTagsForResource', arn, (client) => client.send(command))).tags ?? {};
  }

  async #call<Answer>(action: string, what: string, call: (client: CloudWatchLogsClient) => Promise<Answer>) {
    this.#client ??= this.#newClient();
    const client = this.#client;
    try {
      return await call(client);
    } catch (error) {
      const failure = logsErrorOf(error, action, what === '' ? this.where : `${this.where} ${what}`);
      if (failure.kind === 'credentials') this.close(); // the next call asks for new ones
      throw failure;
    } finally {
      this.#clockAheadMs = -client.config.systemClockOffset;
    }
  }

  #newClient(): CloudWatchLogsClient {
    const { region, role, endpoint, requestTimeoutMs = REQUEST_TIMEOUT_MS, onDate } = this.#options;
    const shared = {
      region,
      maxAttempts: 1,
      requestHandler: {
        connectionTimeout: CONNECTION_TIMEOUT_MS,
        requestTimeout: requestTimeoutMs,
        throwOnRequestTimeout: true,
      },
      ...(endpoint !== null && { endpoint }),
    };
    const credentials = async (): Promise<Credentials> => await assumeRole(role!, shared);
    const client = new CloudWatchLogsClient({
      ...shared,
      ...(role !== null && { credentials }),
    });
    client.middlewareStack.add(
      (next) => async (args) => {
        const result = await next(args);
        const { headers } = result.response as { readonly headers?: Readonly<Record<string, string>> };
        onDate?.(Date.parse(headers?.['date'] ?? ''));
        return result;
      },
      { step: 'deserialize', priority: 'low' }, // next to the wire, where errors are answers still
    );
    return client;
  }

  /** Gives up what is under way; a later call opens anew. */
  close(): void {
    this.#client?.destroy();
    this.#client = null;
  }
}
