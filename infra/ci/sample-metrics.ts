import { createMetrics } from '../metrics.ts';

// One scrape in which every instrument has a value, for `promtool check metrics`.
const metrics = createMetrics({ nowMs: () => 2000 });
metrics.ingest.read('files', { events: 1, bytes: 1, fragments: 1 });
metrics.ingest.rejected('malformed JSON');
metrics.ingest.watermark(1000);
metrics.bus.published('fragments', { records: 1, bytes: 1 });
metrics.bus.retried('fragments');
metrics.detect.assigned([0]);
metrics.detect.progress(0, { lagRecords: 1, watermarkMs: 1000, functions: 1 });
metrics.state.saved('detect', '0', { bytes: 1, seconds: 1 });
metrics.fleet.progress({ watermarkMs: 1000, waitingPartitions: 0 });
metrics.alerts.said({ event: 'opened', severity: 'warning' });
metrics.notify.destination('stdout');
metrics.notify.delivered('stdout', 1);
metrics.store.stored('scores', 1);
process.stdout.write(await metrics.text());
