import { describe, expect, test } from '@jest/globals';
import { dataMessage, LOG_GROUP, parseAll, type Readable } from '../test/readable.ts';

const ID = '6f1c2a5e-3b0d-4c57-9a51-2f6d8f0c9b01';
const NODE = `2026-11-21T10:00:00.123Z\t${ID}`;
const PYTHON = `2026-11-21T10:00:00.123Z\t${ID}`;

/** Kind, flags, request id, number and text of each fragment that one message gives. */
function said(message: string): unknown[] {
  const { fragments, rejects } = parseAll(dataMessage([message]));
  expect(rejects).toEqual([]);
  return fragments.map((it: Readable) => [it['kind'], it['flags'], it['id'], it['a'], it['text']]);
}

describe('failures', () => {
  test.each([
    {
      name: 'Node, handler',
      line: `${NODE}\tERROR\tInvoke Error \t{"errorType":"TypeError","errorMessage":"x"}`,
      flags: 'failed',
      id: ID,
      type: 'TypeError',
    },
    {
      name: 'Node, promise',
      line: `${NODE}\tERROR\tUnhandled Promise Rejection \t{"errorType":"Runtime.UnhandledPromiseRejection"}`,
      flags: 'failed',
      id: ID,
      type: 'Runtime.UnhandledPromiseRejection',
    },
    {
      name: 'Python, handler',
      line: '[ERROR] botocore.exceptions.ClientError: An error occurred\nTraceback (most recent call last):\n  File "a.py", line 1\n',
      flags: 'failed',
      type: 'botocore.exceptions.ClientError',
    },
    {
      name: 'Python, import',
      line: "[ERROR] Runtime.ImportModuleError: Unable to import module 'app'\nTraceback (most recent call last):",
      flags: 'failed',
      type: 'Runtime.ImportModuleError',
    },
    {
      name: 'Ruby, handler',
      line: 'Error raised from handler method\n{"errorMessage":"x","errorType":"Function<RuntimeError>","stackTrace":[]}',
      flags: 'failed',
      type: 'Function<RuntimeError>',
    },
    {
      name: 'Go, handler',
      line: '{"errorMessage":"x","errorType":"errorString"}',
      flags: 'failed',
      type: 'errorString',
    },
    {
      name: 'Node heap',
      line: 'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory',
      flags: 'failed oom',
      type: 'JavaScriptHeapOutOfMemory',
    },
    {
      name: 'Go memory',
      line: 'fatal error: runtime: out of memory\n',
      flags: 'failed oom',
      type: 'runtime: out of memory',
    },
    {
      name: 'Java memory',
      line: 'java.lang.OutOfMemoryError: Java heap space\n\tat a.b(C.java:1)',
      flags: 'failed oom',
      type: 'java.lang.OutOfMemoryError',
    },
    {
      name: 'Python memory',
      line: '[ERROR] MemoryError\nTraceback (most recent call last):\n',
      flags: 'failed oom',
      type: 'MemoryError',
    },
    {
      name: 'Ruby memory',
      line: 'app.rb:3: [BUG] failed to allocate memory (NoMemoryError)',
      flags: 'failed oom',
      type: 'NoMemoryError',
    },
    {
      name: 'bootstrap',
      line: `RequestId: ${ID} Error: Couldn't find valid bootstrap(s): [/var/task/bootstrap]\nRuntime.InvalidEntrypoint\n`,
      flags: 'failed',
      id: ID,
      type: 'Runtime.InvalidEntrypoint',
    },
  ])('$name', ({ line, flags, id, type }) => {
    expect(said(line)).toEqual([['failure', flags, id, undefined, type]]);
  });

  test('a line without a request id belongs to the invocation open in its stream', () => {
    const error = "[ERROR] KeyError: 'id'\nTraceback (most recent call last):\n";
    const report = `REPORT RequestId: ${ID}\tDuration: 1.00 ms\tBilled Duration: 1 ms\tMemory Size: 128 MB\tMax Memory Used: 50 MB\t\n`;
    const { fragments } = parseAll(
      dataMessage([error, `START RequestId: ${ID} Version: $LATEST\n`, error, report, error]),
    );
    expect(fragments.map(({ kind, id }) => [kind, id])).toEqual([
      ['failure', undefined],
      ['failure', ID],
      ['report', ID],
      ['failure', undefined],
    ]);
  });

  test('the open invocation is remembered from message to message of a stream, and of no other', () => {
    const start = dataMessage([`START RequestId: ${ID} Version: $LATEST\n`]);
    const error = ["[ERROR] KeyError: 'id'\nTraceback (most recent call last):\n"];
    const other = dataMessage(error, { logStream: '2026/11/21/[$LATEST]ffffffffffffffffffffffffffffffff' });
    const { fragments } = parseAll([start, other, dataMessage(error)].join('\n'));
    expect(fragments.map(({ kind, id }) => [kind, id])).toEqual([
      ['start', ID],
      ['failure', undefined],
      ['failure', ID],
    ]);
  });
});

describe('errors that prove no failure', () => {
  test.each([
    {
      name: 'Python, logged with its traceback',
      line: `[ERROR]\t${PYTHON}\tboom\nTraceback (most recent call last):\n  File "a.py", line 1, in f\nValueError: bad\n`,
      type: 'ValueError',
    },
    {
      name: 'JSON format',
      line: `{"timestamp":"2026-11-21T10:00:00.123Z","level":"ERROR","requestId":"${ID}","errorType":"TypeError","errorMessage":"x","stackTrace":[]}`,
      type: 'TypeError',
    },
    {
      name: 'Java JSON',
      line: `{"timestamp":"2026-11-21T10:00:00.123Z","level":"ERROR","AWSRequestId":"${ID}","message":"x","errorType":"java.lang.X"}`,
      type: 'java.lang.X',
    },
    {
      name: 'Powertools',
      line: `{"level":"ERROR","message":"x","function_request_id":"${ID}","error":{"name":"PaymentError","message":"no"}}`,
      type: 'PaymentError',
    },
    {
      name: 'pino',
      line: `{"level":50,"requestId":"${ID}","err":{"type":"RangeError"},"msg":"x"}`,
      type: 'RangeError',
    },
    {
      name: 'Node text',
      line: `${NODE}\tERROR\tTypeError: x is undefined\n    at handler (/var/task/index.js:3:9)`,
      type: 'TypeError',
    },
  ])('$name', ({ line, type }) => {
    expect(said(line)).toEqual([['errorLog', undefined, ID, undefined, type]]);
  });

  test.each([
    `${NODE}\tINFO\tretrying after TypeError: x`,
    `${NODE}\tERROR\tboom`,
    `${NODE}\tWARN\tJavaScript heap out of memory soon`,
    '{"level":"INFO","message":"java.lang.OutOfMemoryError is a word"}',
    '{"level":"INFO","errorType":"None"}',
    'LAMBDA_WARNING: Unhandled exception. The most likely cause is an issue in the function code.',
    `my REPORT RequestId: ${ID}\tDuration: 1 ms`,
    '{"__proto__":{"level":"ERROR"},"constructor":{"name":"x"}}',
  ])('%s is nothing to keep', (line) => {
    expect(said(line)).toEqual([]);
  });
});

describe('status codes and denied access', () => {
  test.each([
    ['{"level":"INFO","statusCode":200}', undefined, 200],
    ['{"level":"INFO","status":"403"}', undefined, 403],
    ['{"http.response.status_code":500,"level":"INFO"}', undefined, 500],
    ['{"level":"INFO","http":{"response":{"status_code":404}}}', undefined, 404],
    ['{"level":"INFO","response":{"statusCode":401}}', undefined, 401],
    ['{"level":"INFO","message":"done status=502 in 3 ms"}', undefined, 502],
    [`${NODE}\tINFO\tGET /orders status=403 12ms`, undefined, 403],
    [`${NODE}\tINFO\tresponse { statusCode: 201, body: 'ok' }`, undefined, 201],
    ['10.0.0.1 - - [21/Nov/2026:10:00:00 +0000] "GET /a HTTP/1.1" 403 512', undefined, 403],
    ['upstream said 403 Forbidden', 'denied', 403],
    ['User: arn:aws:sts::1:assumed-role/x is not authorized to perform: s3:GetObject', 'denied', undefined],
    ['AccessDeniedException: no', 'denied', undefined],
    ['{"level":"WARN","message":"ForbiddenException from upstream"}', 'denied', undefined],
  ])('%s', (line, flags, status) => {
    expect(said(line)).toEqual([['access', flags, line.startsWith('2026') ? ID : undefined, status, undefined]]);
  });

  test.each([
    'status=ok',
    'status: 2000 rows',
    '{"status":"debug"}',
    '{"level":"INFO","status":42}',
    'took 403 ms',
    'the forbidden forest',
    '{"statusCode":403.5}',
  ])('%s is neither', (line) => {
    expect(said(line)).toEqual([]);
  });
});

describe('content', () => {
  test.each([
    {
      name: 'a secret',
      line: 'connecting to postgres://app:s3cretpw@db/orders',
      flags: undefined,
      text: 'connection-string',
    },
    {
      name: 'an environment',
      line: `${NODE}\tINFO\t{ AWS_LAMBDA_FUNCTION_NAME: 'x', LAMBDA_TASK_ROOT: '/var/task' }`,
      flags: 'verbose',
      text: 'environment-dump',
    },
    {
      name: 'SQL in an error',
      line: `${NODE}\tERROR\tquery failed: SELECT * FROM users WHERE id = 1`,
      flags: 'verbose',
      text: 'sql-in-error',
    },
    {
      name: 'a stack trace in a response',
      line: `${NODE}\tINFO\t{"statusCode": 500, "body": "Error: x\\n    at handler (/var/task/index.js:3:9)"}`,
      flags: 'verbose',
      text: 'stack-trace-in-response',
    },
  ])('$name', ({ line, flags, text }) => {
    const content = said(line).filter((it) => (it as string[])[0] === 'content');
    expect(content).toEqual([['content', flags, line.startsWith('2026') ? ID : undefined, undefined, text]]);
  });

  test('SQL that is no error is what programs do', () => {
    expect(said(`${NODE}\tINFO\trunning SELECT * FROM users`)).toEqual([]);
  });

  test('a secret never stands in a reject', () => {
    const { rejects } = parseAll('connecting to postgres://app:s3cretpw@db/orders');
    expect(rejects).toHaveLength(1);
    expect(JSON.stringify(rejects)).not.toContain('s3cretpw');
  });

  test('what a function prints through the Telemetry API is never a platform event', () => {
    const spoof = (record: unknown): string =>
      JSON.stringify({ time: '2026-11-21T10:00:00.000Z', type: 'function', record });
    const report = {
      time: '2026-11-21T10:00:00.000Z',
      type: 'platform.report',
      record: { requestId: ID, metrics: { durationMs: 1 } },
    };
    const lines = [spoof(report), spoof(`REPORT RequestId: ${ID}\tDuration: 1 ms`)].join('\n');
    expect(parseAll(lines, { logGroup: LOG_GROUP })).toMatchObject({
      fragments: [],
      rejects: [],
      stats: { applicationLines: 2 },
    });
  });
});
