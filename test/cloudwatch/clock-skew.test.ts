import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { LogsClient } from '../../infra/aws/logs-client.ts';

const HOUR_MS = 3600_000;
const KEYS = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' };
const before = { ...process.env };
let server: Server;
/** how far the clock of the service is from ours */
let skewMs = 0;

/** As AWS does: what was signed at another time than it is there is refused, and each answer has the date. */
beforeEach(async () => {
  Object.assign(process.env, KEYS);
  server = createServer((request, response) => {
    const nowMs = Date.now() + skewMs;
    const [, ...parts] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(String(request.headers['x-amz-date'])) ?? [];
    const [year, month, ...rest] = parts.map(Number) as [number, number, number, number, number, number];
    const isOff = Math.abs(Date.UTC(year, month - 1, ...rest) - nowMs) > 15 * 60_000;
    const refusal = { __type: 'InvalidSignatureException', message: 'Signature expired' };
    const type = 'application/x-amz-json-1.1';
    response.writeHead(isOff ? 400 : 200, { date: new Date(nowMs).toUTCString(), 'content-type': type });
    response.end(JSON.stringify(isOff ? refusal : { events: [] }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  process.env = { ...before };
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const REQUEST = { logGroup: 'a', startMs: 0, endMs: 1, limit: 1, nextToken: null };

test.each([HOUR_MS, -HOUR_MS])(
  'a clock that is off by %d ms costs one refusal, and that it was put right another',
  async (byMs) => {
    const dates: number[] = [];
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const onDate = (dateMs: number) => void dates.push(dateMs);
    const client = new LogsClient({ region: 'eu-central-1', role: null, endpoint, onDate });
    const ask = () =>
      client.filterLogEvents(REQUEST).then(
        () => 'answered',
        ({ kind }: { kind: string }) => kind,
      );
    skewMs = byMs;
    expect([await ask(), await ask(), await ask()]).toEqual([
      expect.stringMatching(/transient|credentials/),
      'answered',
      'answered',
    ]);
    skewMs = 0;
    expect([await ask(), await ask(), await ask()]).toEqual([
      expect.stringMatching(/transient|credentials/),
      'answered',
      'answered',
    ]);
    const offsets = dates.map((ms) => Math.round((ms - Date.now()) / 60_000) + 0);
    expect(offsets).toEqual([byMs, byMs, byMs, 0, 0, 0].map((ms) => ms / 60_000));
    client.close();
  },
);
