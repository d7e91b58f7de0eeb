import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openStore, type Store } from '../store.ts';
import { PLACES, type Place } from '../store-places.fixture.ts';
import { alertEvent, coverageRow, functionRow, minuteRow, RUN, rejectRow, rows, scoreRow } from '../store-samples.fixture.ts'; // biome-ignore format: one line
import { boardsOf, targetsOf } from './dashboards.fixture.ts';

/** What Grafana's plugin makes of its macros, with one function chosen or all of them. */
const MACROS: readonly [RegExp, string][] = [
  [/\$__timeFilter\((\w+)\)/g, "$1 >= toDateTime('2026-01-01') AND $1 <= toDateTime('2027-01-01')"],
  [/\$__timeInterval\((\w+)\)/g, 'toStartOfInterval(toDateTime($1), INTERVAL 60 second)'],
  [/\$\{function:singlequote\}/g, "'service-1','service-2'"],
];
const expanded = (sql: string, condition: string): string =>
  MACROS.reduce((text, [macro, value]) => text.replace(macro, value), sql).replace(
    /\$__conditionalAll\((.*?\)), \$function\)/g,
    condition,
  );

const queries = boardsOf('grafana-clickhouse-datasource').flatMap((board) => [
  ...board.panels.flatMap((panel) => targetsOf(panel).map((sql) => ({ title: panel.title, sql }))),
  ...board.templating.list.map(({ definition }) => ({ title: 'the variable', sql: definition })),
]);

let place: Place;
let store: Store;
beforeAll(async () => {
  place = await PLACES[0]![1]();
  store = await openStore(place.address);
  const { writer } = store;
  await writer.beginRun(RUN);
  const some = Array.from({ length: 80 }, (_, i) => i);
  await writer.writeMinutes(some.map((i) => minuteRow(i)));
  await writer.writeScores(some.map(scoreRow));
  await writer.writeFunctions(some.slice(0, 40).map(functionRow));
  await writer.writeCoverage(some.slice(0, 40).map(coverageRow));
  await writer.writeRejects(some.map(rejectRow));
  await writer.writeAlertEvents([alertEvent(1, 'opened', 1), alertEvent(2, 'opened', 2), alertEvent(2, 'resolved', 9)]);
  await writer.flush();
});
afterAll(async () => {
  await store.close();
  await place.clean();
});

test.each(queries)('$title', async ({ sql }) => {
  for (const condition of ['1=1', '$1']) {
    const query = expanded(sql, condition);
    expect(query).not.toMatch(/\$/);
    const found = await rows(store, query);
    // pages of the last seven days: the samples are older, and none of them pages
    expect(found.length).toBeGreaterThan(0);
  }
});
