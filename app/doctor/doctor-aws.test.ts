import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { begin, closedPort, doctor, end, expectOnly, healthy, serve, troubles } from './broken.fixture.ts';
import type { Finding } from './check.ts';

const KEYS = [
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'AWS_PROFILE',
  'AWS_EC2_METADATA_DISABLED',
] as const;
const SHARED = ['AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE'] as const;
const before: Record<string, string | undefined> = {};

function setKeys(access: string | undefined, secret: string | undefined): void {
  for (const [name, value] of [
    ['AWS_ACCESS_KEY_ID', access],
    ['AWS_SECRET_ACCESS_KEY', secret],
  ] as const) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
}

beforeAll(() => {
  for (const name of [...KEYS, ...SHARED]) before[name] = process.env[name];
  for (const name of KEYS) delete process.env[name];
  process.env.AWS_EC2_METADATA_DISABLED = 'true'; // there is nobody to ask
  for (const name of SHARED) process.env[name] = '/nonexistent/aws';
});
afterAll(() => {
  for (const [name, value] of Object.entries(before)) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
});
beforeEach(() => {
  begin();
  setKeys('AKIDTEST', 's3cret-of-aws');
});
afterEach(end);

interface Aws {
  /** actions that a policy refuses */
  readonly denied?: readonly string[];
  readonly groups?: readonly string[];
  readonly skewMs?: number;
  /** what every signed request is refused with */
  readonly refusal?: string;
  /** knows nothing of STS */
  readonly isLogsAlone?: boolean;
}

const ROLE = 'arn:aws:iam::999988887777:role/tripline';

/** Answers as STS (query, XML) and CloudWatch Logs (JSON 1.1) do. */
async function aws({
  denied = [],
  groups = ['/aws/lambda/pay'],
  skewMs = 0,
  refusal,
  isLogsAlone = false,
}: Aws): Promise<string> {
  return serve((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += String(chunk);
    });
    request.on('end', () => {
      response.setHeader('date', new Date(Date.now() - skewMs).toUTCString());
      const target =
        String(request.headers['x-amz-target'] ?? '')
          .split('.')
          .at(-1) ?? '';
      if (target === '' && isLogsAlone) response.writeHead(404).end('<UnknownOperationException/>');
      else if (target === '') answerSts(new URLSearchParams(body).get('Action') ?? '', denied, refusal, response);
      else answerLogs(target, { denied, groups, refusal }, request, response);
    });
  });
}

function answerSts(
  action: string,
  denied: readonly string[],
  refusal: string | undefined,
  response: ServerResponse,
): void {
  const xml = (status: number, text: string) => response.writeHead(status, { 'content-type': 'text/xml' }).end(text);
  const error = (code: string) =>
    xml(
      403,
      `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>no</Message></Error></ErrorResponse>`,
    );
  if (action === '') xml(302, '');
  else if (refusal !== undefined) error(refusal);
  else if (denied.includes(`sts:${action}`)) error('AccessDenied');
  else if (action === 'GetCallerIdentity')
    xml(
      200,
      '<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::111122223333:user/ada</Arn><UserId>U</UserId><Account>111122223333</Account></GetCallerIdentityResult></GetCallerIdentityResponse>',
    );
  else
    xml(
      200,
      `<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIA1</AccessKeyId><SecretAccessKey>s3cret2</SecretAccessKey><SessionToken>s3cret3</SessionToken><Expiration>${new Date(Date.now() + 3.6e6).toISOString()}</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`,
    );
}

function answerLogs(
  target: string,
  {
    denied,
    groups,
    refusal,
  }: { readonly denied: readonly string[]; readonly groups: readonly string[]; readonly refusal: string | undefined },
  _request: IncomingMessage,
  response: ServerResponse,
): void {
  const json = (status: number, value: object) =>
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(value));
  const action = `logs:${target}`;
  if (refusal !== undefined) json(400, { __type: refusal, message: 'no' });
  else if (denied.includes(action))
    json(400, {
      __type: 'AccessDeniedException',
      message: `User: arn:aws:iam::111122223333:user/ada is not authorized to perform: ${action} because no identity-based policy allows the ${action} action`,
    });
  else if (target === 'DescribeLogGroups')
    json(200, {
      logGroups: groups.map((name) => ({
        logGroupName: name,
        arn: `arn:aws:logs:eu-west-1:111122223333:log-group:${name}:*`,
        creationTime: 1,
      })),
    });
  else json(200, { events: [], tags: {} });
}

/** The findings of a healthy installation that polls this AWS. */
async function polling(given: Aws, roles = 'self'): Promise<Finding[]> {
  const endpoint = await aws(given);
  const role = roles === 'self' ? '' : `, roles: [{roleArn: "${ROLE}"}]`;
  return doctor({
    ...(await healthy()),
    sources: `[{cloudwatch: {regions: [eu-west-1], endpoint: "${endpoint}"${role}}}]`,
  });
}

describe('tripline doctor and AWS', () => {
  test('all is well: it says who we are and what is found', async () => {
    const findings = await polling({ groups: ['/aws/lambda/pay', '/aws/lambda/cart'] });
    expect(troubles(findings)).toEqual([]);
    const messages = findings.filter(({ what }) => what === 'aws eu-west-1').map(({ message }) => message);
    expect(messages).toEqual([
      'we are arn:aws:iam::111122223333:user/ada',
      '2 log groups, and /aws/lambda/pay can be read',
    ]);
  });

  test('all is well in another account', async () => {
    expect(troubles(await polling({}, 'role'))).toEqual([]);
  });

  test('the endpoint of the region does not exist', async () => {
    const sources = `[{cloudwatch: {regions: [eu-west-9], endpoint: "http://127.0.0.1:${await closedPort()}"}}]`;
    expectOnly(await doctor({ ...(await healthy()), sources }), 'aws eu-west-9', /nobody listens there/);
  });

  test('no region is told', async () => {
    expectOnly(
      await doctor({ ...(await healthy()), sources: '[{cloudwatch: {}}]' }),
      'aws without a region',
      /no region is told/,
    );
  });

  test('there are no credentials', async () => {
    setKeys(undefined, undefined);
    expectOnly(await polling({}), 'aws eu-west-1', /there are no AWS credentials/);
  });

  test('the credentials are not valid', async () => {
    expectOnly(
      await polling({ refusal: 'InvalidClientTokenId' }),
      'aws eu-west-1',
      /does not take these credentials: .*InvalidClientTokenId/,
    );
  });

  for (const action of ['logs:DescribeLogGroups', 'logs:FilterLogEvents']) {
    test(`${action} is not allowed`, async () => {
      const findings = await polling({ denied: [action] });
      expectOnly(findings, 'aws eu-west-1', new RegExp(`${action} is not allowed`));
      expect(troubles(findings)[0]?.fix).toContain(`allow ${action} to us`);
      if (action === 'logs:FilterLogEvents') expect(troubles(findings)[0]?.message).toContain('/aws/lambda/pay');
    });
  }

  test('the role cannot be assumed', async () => {
    const findings = await polling({ denied: ['sts:AssumeRole'] }, 'role');
    expectOnly(findings, 'aws eu-west-1 999988887777', /sts:AssumeRole is not allowed/);
    expect(troubles(findings)[0]?.fix).toContain(`allow sts:AssumeRole on ${ROLE}`);
  });

  test('the clock is ten minutes off: that is said, not what it makes of signatures', async () => {
    expectOnly(
      await polling({ skewMs: -600_000, refusal: 'SignatureDoesNotMatch' }),
      'clock',
      /(599|600|601) s behind AWS/,
    );
  });

  test('what answers is the page of a proxy: nobody is taken for us, and no parser is quoted', async () => {
    const endpoint = await serve((request, response) => {
      request.resume().on('end', () => response.setHeader('content-type', 'text/html').end('<html>Log in</html>'));
    });
    const sources = `[{cloudwatch: {regions: [eu-west-1], endpoint: "${endpoint}"}}]`;
    const findings = await doctor({ ...(await healthy()), sources });
    expectOnly(findings, 'aws eu-west-1', /\(200\): what answers there does not speak as AWS does$/);
    expect(findings.map(({ message }) => message).join()).not.toContain('we are');
  });

  test('an endpoint with only logs behind it, as that of a VPC', async () => {
    const endpoint = await aws({ isLogsAlone: true });
    const sources = `[{cloudwatch: {regions: [eu-west-1], endpoint: "${endpoint}"}}]`;
    const findings = await doctor({ ...(await healthy()), sources });
    expect(troubles(findings)).toEqual([]);
    expect(findings.filter(({ what }) => what === 'aws eu-west-1')).toHaveLength(1);
  });

  test('no log group is meant', async () => {
    expectOnly(await polling({ groups: [] }), 'aws eu-west-1', /no log group is meant/, 'warn');
  });
});
