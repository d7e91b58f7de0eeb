// The suite that needs a real Alertmanager: infra/ci/alertmanager.sh finds or fetches one.
import base from './jest.config.mjs';
export default {
  ...base,
  testMatch: ['**/*.live.test.ts'],
  testPathIgnorePatterns: ['/node_modules/', '/dist/'],
  maxWorkers: 1,
};
