// The suite that needs a real Kafka: KAFKA_BROKERS where it is set, else infra/kafka/dev-broker; skipped, loudly, without.
import base from './jest.config.mjs';
export default {
  ...base,
  testMatch: ['**/*.kafka.test.ts'],
  testPathIgnorePatterns: ['/node_modules/', '/dist/'],
  globalSetup: '<rootDir>/infra/kafka/jest-setup.mjs',
  globalTeardown: '<rootDir>/infra/kafka/jest-teardown.mjs',
  maxWorkers: 1,
};
