// Jest reporter: leaves the counts of a run in the file that TRIPLINE_RESULTS names, for .ci/run to add up.
import { writeFileSync } from 'node:fs';

export default class Results {
  onRunComplete(_contexts, results) {
    const file = process.env.TRIPLINE_RESULTS;
    if (!file) return;
    const passed = results.numPassedTests;
    // a file that does not even load has no tests that fail: it counts as one
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites + (results.wasInterrupted ? 1 : 0);
    const skipped = results.numPendingTests + results.numTodoTests;
    writeFileSync(file, `${JSON.stringify({ passed, failed, skipped })}\n`);
  }
}
