// Before the Kafka suite: finds or starts a broker. Tests see KAFKA_BROKERS, or KAFKA_SKIPPED with the reason.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export default async function setup() {
  if (process.env.KAFKA_BROKERS) return;
  const child = spawn(fileURLToPath(new URL('./dev-broker', import.meta.url)), {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  let complaint = '';
  child.stderr.on('data', (data) => (complaint += data));
  const status = await new Promise((resolve, reject) => {
    child.on('error', reject).on('exit', resolve);
    child.stdout.on('data', (data) => {
      said += data;
      if (said.includes('\n')) resolve(null);
    });
  });
  if (status === null) {
    process.env.KAFKA_BROKERS = said.trim().replace('KAFKA_BROKERS=', '');
    globalThis.kafkaBroker = child;
    process.once('exit', () => child.kill()); // also where the run was broken off
  } else if (status === 77) {
    process.env.KAFKA_SKIPPED = complaint.trim().split('\n').at(-1);
    const line = '!'.repeat(100);
    console.error(`\n${line}\n  NOT TESTED: Kafka. ${process.env.KAFKA_SKIPPED}; KAFKA_BROKERS is not set.\n${line}`);
  } else {
    throw new Error(`infra/kafka/dev-broker ended with ${status}:\n${complaint}`);
  }
}
