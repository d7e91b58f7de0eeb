// Folder → the folders of ours it may import. The order is the data flow; app is the only one that sees all.
// detectors may use the pure value modules of ingest (fragment layout, join rules), not its sources: see ARCHITECTURE.md.
const MAY = {
  models: [],
  ingest: [],
  scenarios: ['ingest'],
  detectors: ['ingest', 'models'],
  alerts: ['detectors', 'ingest'],
  infra: ['ingest', 'detectors', 'alerts'],
  bench: ['ingest', 'detectors', 'models', 'alerts', 'infra', 'app', 'scenarios'],
};
const ALL = [...Object.keys(MAY), 'app'];
const TESTS = '[.]test[.]ts$';
const layer = ([from, to]) => ({
  name: `${from}-imports-only-${to.join('-') || 'itself'}`,
  severity: 'error',
  from: { path: `^${from}/`, pathNot: TESTS },
  to: { path: `^(${ALL.filter((f) => f !== from && !to.includes(f)).join('|')})/` },
});
const only = (name, path, from) => ({
  name,
  severity: 'error',
  from: { path: `^(${ALL.join('|')})/`, pathNot: `${from}|${TESTS}` },
  to: { path },
});
module.exports = {
  forbidden: [
    ...Object.entries(MAY).map(layer),
    {
      name: 'detectors-not-from-sources',
      severity: 'error',
      from: { path: '^detectors/', pathNot: TESTS },
      to: { path: '^ingest/sources/' },
    },
    only('tfjs-only-in-learned', 'node_modules/@tensorflow', '^models/learned/'),
    only('kafkajs-only-in-kafka-client', 'node_modules/kafkajs/', '^(infra/kafka-client[.]ts$|bench/)'), // bench: as a peer
    only('wires-only-at-the-edges', 'node_modules/(kafkajs|@clickhouse|chdb|fastify|@aws-sdk)/', '^(infra|bench)/'),
    only(
      'files-and-sockets-only-at-the-edges',
      '^(node:)?(fs|net|http|https|fs/promises|worker_threads|child_process|zlib)$',
      '^(infra|app|bench|ingest/sources|alerts/sinks)/',
    ),
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no-orphans',
      severity: 'error',
      from: { orphan: true, pathNot: '[.](test|config)[.]|/jest-|^app/main|^bench/|[.]cjs$' },
      to: {},
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
  },
};
