// After the Kafka suite: ends the broker that the setup started, and waits, so that its data is removed.
export default async function teardown() {
  const child = globalThis.kafkaBroker;
  if (child === undefined || child.exitCode !== null) return;
  const ended = new Promise((resolve) => child.on('exit', resolve));
  child.kill('SIGTERM');
  await ended;
}
