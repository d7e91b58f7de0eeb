// The slower suite: needs the embedded ClickHouse (566 MB library), one process a store, so one worker.
import base from './jest.config.mjs';
export default {
  ...base,
  testMatch: ['**/*.store.test.ts'],
  testPathIgnorePatterns: ['/node_modules/', '/dist/'],
  maxWorkers: 1,
  testTimeout: 120000,
};
