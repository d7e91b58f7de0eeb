import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export interface BenchBroker {
  /** host:port, comma between them */
  readonly brokers: string;
  readonly description: string;
  close(): Promise<void>;
}

/** From the sources as from dist/. */
function devBroker(): string {
  const paths = ['../infra/kafka/dev-broker', '../../infra/kafka/dev-broker'];
  const files = paths.map((path) => fileURLToPath(new URL(path, import.meta.url)));
  const file = files.find((candidate) => existsSync(candidate));
  if (file === undefined) throw new Error('infra/kafka/dev-broker is not there: run this from a checkout');
  return file;
}

/** The broker of KAFKA_BROKERS, else one of our own in a temporary folder. @throws where it cannot be started */
export async function startBroker(given: string | undefined): Promise<BenchBroker> {
  if (given !== undefined) {
    return { brokers: given, description: 'the broker of KAFKA_BROKERS', close: async () => {} };
  }
  const file = devBroker();
  const version = /^KAFKA=(.*)$/m.exec(readFileSync(file, 'utf8'))?.[1] ?? 'of unknown version';
  const child = spawn(file, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const brokers = await new Promise<string>((resolve, reject) => {
    let said = '';
    child.once('error', reject).once('exit', (code) => reject(new Error(`dev-broker ended with ${code}`)));
    child.stdout.on('data', (bytes: Buffer) => {
      said += bytes.toString();
      const address = /^KAFKA_BROKERS=(\S+)\n/m.exec(said)?.[1];
      if (address !== undefined) resolve(address);
    });
  });
  return {
    brokers,
    description: `Apache Kafka ${version}, one node on this machine, no replication, not synced to disk at each write`,
    async close() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}
