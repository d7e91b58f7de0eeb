import { describe, expect, test } from '@jest/globals';
import type { Cluster } from './clickhouse.ts';
import { clusterStatements } from './store-cluster.ts';
import { MIGRATIONS_TABLE, migrations } from './store-migrations.ts';

const ONE: Cluster = { name: 'main', database: 'tripline', isSharded: false };
const MANY: Cluster = { name: 'main', database: 'tripline', isSharded: true };
const TABLE = 'CREATE TABLE IF NOT EXISTS scores_data (fn String)\nENGINE = ReplacingMergeTree\nORDER BY fn';
const PATH = "'/clickhouse/tables/{shard}/{database}/{table}', '{replica}'";

describe('on a cluster', () => {
  test.each([
    {
      name: 'a table is replicated',
      cluster: ONE,
      statement: TABLE,
      becomes: [
        `CREATE TABLE IF NOT EXISTS scores_data ON CLUSTER \`main\` (fn String)\nENGINE = ReplicatedReplacingMergeTree(${PATH})\nORDER BY fn`,
      ],
    },
    {
      name: 'of several shards, what readers and writers know is a table that spreads its rows by function',
      cluster: MANY,
      statement: TABLE,
      becomes: [
        `CREATE TABLE IF NOT EXISTS scores_data_local ON CLUSTER \`main\` (fn String)\nENGINE = ReplicatedReplacingMergeTree(${PATH})\nORDER BY fn`,
        "CREATE OR REPLACE TABLE scores_data ON CLUSTER `main` AS scores_data_local ENGINE = Distributed('main', 'tripline', 'scores_data_local', cityHash64(fn))",
      ],
    },
    {
      name: 'small tables are whole on every server of all shards',
      cluster: MANY,
      statement: MIGRATIONS_TABLE,
      becomes: [
        MIGRATIONS_TABLE.replace('migrations', 'migrations ON CLUSTER `main`').replace(
          'ReplacingMergeTree',
          "ReplicatedReplacingMergeTree('/clickhouse/tables/all/{database}/{table}', '{shard}-{replica}')",
        ),
      ],
    },
    {
      name: 'options of an engine stay, behind the path',
      cluster: ONE,
      statement: TABLE.replace('MergeTree', 'MergeTree(version)'),
      becomes: [
        `CREATE TABLE IF NOT EXISTS scores_data ON CLUSTER \`main\` (fn String)\nENGINE = ReplicatedReplacingMergeTree(${PATH}, version)\nORDER BY fn`,
      ],
    },
    {
      name: 'a new column goes to the rows first, then to the table in front',
      cluster: MANY,
      statement: 'ALTER TABLE alert_events_data ADD COLUMN IF NOT EXISTS page Bool',
      becomes: [
        'ALTER TABLE alert_events_data_local ON CLUSTER `main` ADD COLUMN IF NOT EXISTS page Bool',
        "CREATE OR REPLACE TABLE alert_events_data ON CLUSTER `main` AS alert_events_data_local ENGINE = Distributed('main', 'tripline', 'alert_events_data_local', cityHash64(alert_id))",
      ],
    },
    {
      name: 'the window of tokens is the one of replicated tables',
      cluster: MANY,
      statement: 'ALTER TABLE rejects_data MODIFY SETTING non_replicated_deduplication_window = 1000',
      becomes: [
        'ALTER TABLE rejects_data_local ON CLUSTER `main` MODIFY SETTING replicated_deduplication_window = 10000, replicated_deduplication_window_seconds = 604800',
      ],
    },
    {
      name: 'a view is everywhere',
      cluster: MANY,
      statement: 'CREATE OR REPLACE VIEW runs AS\nSELECT 1',
      becomes: ['CREATE OR REPLACE VIEW runs ON CLUSTER `main` AS\nSELECT 1'],
    },
  ])('$name', ({ cluster, statement, becomes }) => {
    expect(clusterStatements(statement, cluster)).toEqual(becomes);
  });

  test.each([
    [
      'a table that nobody said how to spread',
      'CREATE TABLE IF NOT EXISTS new_data (a String)\nENGINE = MergeTree\nORDER BY a',
    ],
    ['a change that is not known', 'ALTER TABLE scores_data DROP COLUMN fn'],
    ['another kind of statement', 'TRUNCATE TABLE scores_data'],
    ['an engine that cannot be replicated', 'CREATE TABLE IF NOT EXISTS runs_data (a String)\nENGINE = Memory'],
  ])('%s is refused, so that no migration forgets the cluster', (_name, statement) => {
    expect(() => clusterStatements(statement, MANY)).toThrow();
  });

  test.each([
    ['one shard', ONE],
    ['several shards', MANY],
  ])('all migrations, %s', (_name, cluster) => {
    const all = migrations().flatMap(({ name, statements }) => [
      `-- ${name}`,
      ...statements.flatMap((statement) => clusterStatements(statement, cluster).map(headOf)),
    ]);
    expect(all.join('\n')).toMatchSnapshot();
  });
});

/** A statement without the bodies of tables and views, which stay as they are. */
function headOf(statement: string): string {
  const [first = ''] = statement.split('\n', 1);
  const engine = /^ENGINE = .*$/m.exec(statement)?.[0] ?? '';
  return `${first} ${engine}`.trim();
}
