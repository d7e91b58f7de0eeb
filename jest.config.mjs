export default {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, module: { type: 'es6' } },
    ],
  },
  testMatch: ['**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/', '/dist/', '\\.(store|kafka|live)\\.test\\.ts$'],
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
  setupFiles: ['<rootDir>/infra/build/jest-seed.mjs'],
  maxWorkers: 2,
  testTimeout: 120_000, // a slow machine is no failure
  reporters: ['default', ...(process.env.TRIPLINE_RESULTS ? ['<rootDir>/infra/build/jest-results.mjs'] : [])],
};
