import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { freePort } from './free-port.ts';
import type { Way } from './latency-run.ts';
import { dataMessage, type StreamEvents } from './latency-traffic.ts';

const KEY = 'bench-key';
/** Between two deliveries, ms: a stream without buffering. */
const EVERY_MS = 50;

/** Deliveries as Firehose makes them: one request at a time in flight for each 50 ms, records of gzip in base64. */
export async function firehoseWay(dir: string): Promise<Way> {
  const port = await freePort();
  const keyFile = join(dir, 'key');
  writeFileSync(keyFile, KEY, { mode: 0o600 });
  let waiting: StreamEvents[] = [];
  const failures: string[] = [];
  const timer = setInterval(() => {
    if (waiting.length === 0) return;
    const logged = waiting;
    waiting = [];
    deliver(port, logged).catch((error: unknown) => failures.push(String(error)));
  }, EVERY_MS);
  return {
    name: 'firehose',
    origin: [],
    ready: 'listening',
    config: { listen: { address: `127.0.0.1:${port}`, firehose: { accessKeyFile: keyFile } } },
    put(logged) {
      waiting.push(...logged);
    },
    async close() {
      clearInterval(timer);
      if (failures.length > 0)
        process.stderr.write(`${failures.length} deliveries failed, the first: ${failures[0]}\n`);
    },
  };
}

async function deliver(port: number, logged: readonly StreamEvents[]): Promise<void> {
  const requestId = randomUUID();
  const records = logged.map((each) => ({ data: gzipSync(dataMessage(each), { level: 1 }).toString('base64') }));
  const response = await fetch(`http://127.0.0.1:${port}/firehose`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-amz-firehose-protocol-version': '1.0',
      'x-amz-firehose-request-id': requestId,
      'x-amz-firehose-access-key': KEY,
    },
    body: JSON.stringify({ requestId, timestamp: Date.now(), records }),
  });
  if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
  await response.arrayBuffer();
}
