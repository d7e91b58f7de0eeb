import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { assumeRole } from './credentials.ts';

const role = { roleArn: 'arn:aws:iam::123456789012:role/tripline', sessionName: 'tripline' };
const KEYS = { accessKeyId: 'test', secretAccessKey: 'test' };
const HOUR_MS = 3600_000;
let refused = 0;

/** STS as far as this goes: by a clock that is an hour ahead, it refuses what was signed by another. */
const server = createServer((request, response) => {
  const nowMs = Date.now() + HOUR_MS;
  const signed = String(request.headers['x-amz-date']);
  const signedMs = Date.parse(signed.replace(/^(....)(..)(..)T(..)(..)(..)Z$/, '$1-$2-$3T$4:$5:$6Z'));
  const isRefused = Math.abs(signedMs - nowMs) > HOUR_MS / 12;
  if (isRefused) refused++;
  response.writeHead(isRefused ? 403 : 200, { 'content-type': 'text/xml', date: new Date(nowMs).toUTCString() });
  response.end(isRefused ? REFUSED : GIVEN);
});
const REFUSED = `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>
<Code>SignatureDoesNotMatch</Code><Message>Signature expired: it is now earlier than that</Message></Error></ErrorResponse>`;
const GIVEN = `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>
<AccessKeyId>id</AccessKeyId><SecretAccessKey>secret</SecretAccessKey><SessionToken>token</SessionToken>
<Expiration>2030-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`;

beforeEach(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

test('a role is assumed although our clock is an hour behind', async () => {
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const credentials = await assumeRole(role, { region: 'eu-central-1', endpoint, credentials: KEYS, maxAttempts: 1 });
  expect(credentials).toMatchObject({ accessKeyId: 'id', sessionToken: 'token' });
  expect(refused).toBe(1);
});
