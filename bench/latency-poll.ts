import { LogsEmulator } from '../test/cloudwatch/emulator.ts';
import { EmulatorServer } from '../test/cloudwatch/emulator-server.ts';
import type { Way } from './latency-run.ts';
import { LOG_GROUP } from './latency-traffic.ts';

/** One busy log group of an emulated account behind the protocol of AWS, polled by the real SDK at its fastest. */
export async function pollWay(): Promise<Way> {
  const emulator = new LogsEmulator(Date.now, Math.random);
  emulator.createGroup(LOG_GROUP);
  const server = new EmulatorServer(emulator);
  const endpoint = await server.listen();
  return {
    name: 'poll',
    origin: ['--region', emulator.region],
    ready: 'log groups',
    config: {
      sources: [
        { cloudwatch: { regions: [emulator.region], logGroups: [LOG_GROUP], endpoint, since: 0, slowestMs: 1000 } },
      ],
    },
    put(logged) {
      for (const { logStreamName, events } of logged)
        for (const { timestamp, message } of events) emulator.put(LOG_GROUP, logStreamName, timestamp, message);
    },
    close: () => server.close(),
  };
}
