import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json, text } from 'node:stream/consumers';
import { LogsError } from '../../ingest/cloudwatch/api.ts';
import type { LogsEmulator } from './emulator.ts';

/** What the wire calls an error, and its status. */
const ERRORS: Readonly<Record<string, readonly [status: number, type: string]>> = {
  throttled: [400, 'ThrottlingException'],
  transient: [503, 'ServiceUnavailableException'],
  gone: [400, 'ResourceNotFoundException'],
  token: [400, 'InvalidParameterException'],
  denied: [400, 'AccessDeniedException'],
  credentials: [400, 'ExpiredTokenException'],
};

type Body = Readonly<Record<string, unknown>>;

/** The emulator under the protocol AWS JSON 1.1, so that the real SDK can talk to it. */
export class EmulatorServer {
  readonly #emulator: LogsEmulator;
  readonly #server: Server;
  /** actions that are denied, such as FilterLogEvents */
  readonly denied = new Set<string>();

  constructor(emulator: LogsEmulator) {
    this.#emulator = emulator;
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch(() => response.destroy());
    });
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.headers['x-amz-target'] === undefined)
      return answerSts(this.#emulator.account, await text(request), response);
    const body = (await json(request)) as Body;
    const action = String(request.headers['x-amz-target']).replace(/^Logs_20140328\./, '');
    try {
      if (this.denied.has(action))
        throw new LogsError(
          'denied',
          `not authorized to perform: logs:${action} because no identity-based policy allows it`,
        );
      send(response, 200, this.#perform(action, body));
    } catch (error) {
      if (!(error instanceof LogsError)) throw error;
      const [status, type] = ERRORS[error.kind] ?? [400, 'ValidationException'];
      send(response, status, { __type: type, message: error.message });
    }
  }

  #perform(action: string, body: Body): unknown {
    const nextToken = typeof body['nextToken'] === 'string' ? body['nextToken'] : null;
    switch (action) {
      case 'FilterLogEvents': {
        const page = this.#emulator.filterLogEvents({
          logGroup: String(body['logGroupName']),
          startMs: Number(body['startTime'] ?? 0),
          endMs: Number(body['endTime'] ?? Number.MAX_SAFE_INTEGER),
          limit: Number(body['limit'] ?? 10_000),
          nextToken,
        });
        const events = page.events.map(({ id, timestampMs, ingestionMs, stream, message }) => {
          return { eventId: id, timestamp: timestampMs, ingestionTime: ingestionMs, logStreamName: stream, message };
        });
        return { events, searchedLogStreams: [], ...(page.nextToken !== null && { nextToken: page.nextToken }) };
      }
      case 'DescribeLogGroups': {
        const prefix = typeof body['logGroupNamePrefix'] === 'string' ? body['logGroupNamePrefix'] : null;
        const page = this.#emulator.describeLogGroups({ prefix, nextToken }, Number(body['limit'] ?? 50));
        const logGroups = page.groups.map(({ name, arn, createdMs }) => {
          return { logGroupName: name, arn: `${arn}:*`, logGroupArn: arn, creationTime: createdMs };
        });
        return { logGroups, ...(page.nextToken !== null && { nextToken: page.nextToken }) };
      }
      case 'ListTagsForResource':
        return { tags: this.#emulator.tagsOf(String(body['resourceArn'])) };
      default:
        throw new LogsError('refused', `the emulator does not know ${action}`);
    }
  }
}

/** STS is at the same address, as far as it is asked who calls; anything else is not there. */
function answerSts(account: string, body: string, response: ServerResponse): void {
  if (new URLSearchParams(body).get('Action') !== 'GetCallerIdentity') return void response.writeHead(404).end();
  const who = `<Arn>arn:aws:iam::${account}:user/emulated</Arn><UserId>EMULATED</UserId><Account>${account}</Account>`;
  const answer = `<GetCallerIdentityResponse><GetCallerIdentityResult>${who}</GetCallerIdentityResult></GetCallerIdentityResponse>`;
  response.writeHead(200, { 'content-type': 'text/xml' }).end(answer);
}

function send(response: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/x-amz-json-1.1',
    'content-length': Buffer.byteLength(text),
  });
  response.end(text);
}
