import { createServer } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { accessKeys } from './access-keys.ts';
import { createHealth } from './health.ts';
import { HttpError } from './http-error.ts';
import { type HttpServer, parseListen, startHttp } from './http-server.ts';
import { createMetrics } from './metrics.ts';

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

async function endpoint(isToken: ((candidate: string) => boolean) | null = null) {
  const health = createHealth(() => 0);
  const metrics = createMetrics({ version: '1.2.3' });
  const http = await startHttp({ listen: '127.0.0.1:0', health, metrics, isToken });
  open.push(http);
  const get = async (path: string, init: RequestInit = {}) => {
    const response = await fetch(`${http.url}${path}`, init);
    return { status: response.status, headers: response.headers, body: await response.text() };
  };
  return { health, metrics, get };
}

async function listening(listen: string): Promise<HttpServer & { readonly url: string }> {
  const http = await startHttp({ listen, health: createHealth(() => 0), metrics: createMetrics(), isToken: null });
  open.push(http);
  return { ...http, url: http.url! };
}

describe('routes', () => {
  test('/healthz and /readyz follow the components', async () => {
    const { health, get } = await endpoint();
    const loop = health.register('detect', { deadlineMs: 1000 });
    expect((await get('/healthz')).status).toBe(200);
    const waiting = await get('/readyz');
    expect(waiting.status).toBe(503);
    expect(JSON.parse(waiting.body)).toEqual({ status: 'not ready', reasons: ['detect: starting'], warnings: [] });

    loop.ready(true);
    expect(await get('/readyz')).toMatchObject({ status: 200, body: '{"status":"ready","reasons":[],"warnings":[]}' });

    loop.failed(new Error('out of room'));
    const failing = await get('/healthz');
    expect(failing.status).toBe(503);
    expect(JSON.parse(failing.body)).toMatchObject({
      status: 'failing',
      components: { detect: { status: 'failed', reason: 'out of room', seconds_since_progress: 0 } },
    });
  });

  test('/metrics is in the format of Prometheus', async () => {
    const { metrics, get } = await endpoint();
    metrics.ingest.read('files', { events: 3, bytes: 500, fragments: 2 });
    const { status, headers, body } = await get('/metrics');
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(body).toContain('tripline_build_info{version="1.2.3"} 1\n');
    expect(body).toContain('tripline_ingest_events_total{source="files"} 3\n');
  });

  test('nothing is cached, anything else is 404, and nothing takes a body', async () => {
    const { get } = await endpoint();
    const { headers } = await get('/healthz');
    expect([headers.get('cache-control'), headers.get('x-content-type-options')]).toEqual(['no-store', 'nosniff']);
    expect(await get('/%2e%2e/etc/passwd')).toMatchObject({ status: 404 });
    expect(await get('/metrics', { method: 'POST', body: 'x' })).toMatchObject({ status: 404 });
    expect(await get('/healthz', { method: 'HEAD' })).toMatchObject({ status: 200, body: '' });
  });
});

test.each([
  { listen: '127.0.0.1:9464', host: '127.0.0.1', port: 9464 },
  { listen: '0.0.0.0:80', host: '0.0.0.0', port: 80 },
  { listen: 'localhost:0', host: 'localhost', port: 0 },
  { listen: '[::1]:9464', host: '::1', port: 9464 },
  { listen: ':9464', host: '127.0.0.1', port: 9464 },
  { listen: '9464', host: '127.0.0.1', port: 9464 },
])('$listen is $host port $port', ({ listen, host, port }) => {
  expect(parseListen(listen)).toEqual({ host, port });
});

test.each(['', 'localhost', '127.0.0.1:', '127.0.0.1:65536', '::1:9464', 'http://127.0.0.1:9464', 'a b:80'])(
  '%j is no address to listen on',
  (listen) => {
    expect(() => parseListen(listen)).toThrow(
      new HttpError('BAD_LISTEN', `cannot listen on "${listen}": not host:port, such as 127.0.0.1:9464`),
    );
  },
);

describe('a real port', () => {
  test('is served until close, which a kept connection does not hold up', async () => {
    const http = await listening('127.0.0.1:0');
    expect(http.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    const response = await fetch(`${http.url}/healthz`); // fetch keeps its connection
    expect(response.status).toBe(200);
    await response.text();
    await http.close();
    await expect(fetch(`${http.url}/healthz`)).rejects.toThrow();
    await http.close();
  });

  test('that is taken is a clear error', async () => {
    const other = createServer();
    open.push(other);
    const port = await new Promise<number>((resolve) => {
      other.listen(0, '127.0.0.1', () => resolve((other.address() as { port: number }).port));
    });
    await expect(listening(`127.0.0.1:${port}`)).rejects.toMatchObject({
      name: 'HttpError',
      code: 'PORT_TAKEN',
      message: `cannot listen on 127.0.0.1:${port}: another program has this port; choose another`,
    });
  });

  test('on an address that is not here is a clear error', async () => {
    await expect(listening('192.0.2.1:9464')).rejects.toMatchObject({
      code: 'CANNOT_LISTEN',
      message: 'cannot listen on 192.0.2.1:9464: this machine has no such address',
    });
  });

  test('is not opened where none is asked for', async () => {
    const http = await startHttp({
      listen: null,
      health: createHealth(() => 0),
      metrics: createMetrics(),
      isToken: null,
    });
    expect(http.url).toBeNull();
    await http.close();
  });
});

test('metrics are for those who have the token, where there is one; health is for all', async () => {
  const { get, health } = await endpoint(accessKeys(['right']));
  health.register('one', { deadlineMs: 1000 }).ready(true);
  const statusOf = async (path: string, authorization?: string) =>
    (await get(path, authorization === undefined ? {} : { headers: { authorization } })).status;
  expect(await statusOf('/metrics')).toBe(401);
  expect(await statusOf('/metrics', 'Bearer wrong')).toBe(401);
  expect(await statusOf('/metrics', 'right')).toBe(401);
  expect(await statusOf('/metrics', 'Bearer right')).toBe(200);
  expect(await statusOf('/healthz')).toBe(200);
  expect(await statusOf('/readyz')).toBe(200);
});
