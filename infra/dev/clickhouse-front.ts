// The front as a process of its own, for tests and for trying things out:
//   npx tsx infra/dev/clickhouse-front.ts --dir FOLDER [--port PORT] [--control-port PORT]
// Says CLICKHOUSE_URL=… and CONTROL_URL=… once it answers. POST /faults at the control URL switches faults, GET /faults
// shows how many there were. Ends on SIGTERM or SIGINT.
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { type Front, startFront } from './front.ts';
import type { Faults } from './front-faults.ts';

const { values } = parseArgs({
  options: {
    dir: { type: 'string' },
    port: { type: 'string', default: '0' },
    'control-port': { type: 'string', default: '0' },
  },
});
if (values.dir === undefined) throw new Error('--dir is needed: the folder that holds the data');

const front = await startFront(values.dir, { port: Number(values.port) });
const control = createServer((request, response) => {
  void serve(front, request).then(
    (counts) => response.end(`${JSON.stringify(counts)}\n`),
    (error: unknown) => {
      response.statusCode = 400;
      response.end(`${String(error)}\n`);
    },
  );
});
await new Promise<void>((done) => control.listen(Number(values['control-port']), '127.0.0.1', done));
process.stdout.write(`CLICKHOUSE_URL=${front.url}\n`);
process.stdout.write(`CONTROL_URL=http://127.0.0.1:${(control.address() as AddressInfo).port}\n`);
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => void stop());

async function serve(target: Front, request: IncomingMessage): Promise<unknown> {
  if (request.url !== '/faults') throw new Error('only /faults is here');
  const body = await text(request);
  if (request.method === 'POST') await target.setFaults(JSON.parse(body) as Partial<Faults>);
  return target.counts;
}

async function stop(): Promise<void> {
  control.closeAllConnections();
  control.close();
  await front.close();
  process.exit(0);
}
