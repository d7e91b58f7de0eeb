import fc from 'fast-check';
import { LOG_GROUP } from './readable.ts';

/** Messages as Lambda and functions write them, and near misses of those: what the byte scanner and the text readers must agree on. */
const hex = (length: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: length, maxLength: length });
const requestId = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.constantFrom(
      '6f1c2a5e-3b0d-4c57-9a51-2f6d8f0c9b01',
      '6f1c2a5e-3b0d-4c57-9a51-2f6d8f0c9b02',
      'C6AF9AC6-7b61-11e6-9a41-93e812345678',
    ),
  },
  { weight: 4, arbitrary: fc.uuid() },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      'testRequestId',
      '6f1c2a5e-3b0d-4c57-9a51-2f6d8f0c9bzz',
      '6f1c2a5e-3b0d-4c57-9a51-2f6d8f0c9b0',
    ),
  },
);
const version = fc.constantFrom('$LATEST', '$LATEST', '42', '1', '007', 'live', '12345678901');
const ending = fc.constantFrom('\n', '\n', '', '\t\n', '\n\n', ' ', '    \n');
const separator = fc.constantFrom('\t', '\t', '\t', ' ', '  ', '    ');
const milliseconds = fc.constantFrom(
  '12.34',
  '0.40',
  '3003.28',
  '3000',
  '147.156',
  '0.0005',
  '12',
  '007',
  '1.',
  '-4',
  'NaN',
  '1e3',
  '99999999999',
  '0',
);
const megabytes = fc.constantFrom('128', '512', '10240', '91', '0', '12.5', '-1', '99999999999');
const field = fc.oneof(
  fc
    .tuple(
      fc.constantFrom(
        'Duration',
        'Duration',
        'Billed Duration',
        'Init Duration',
        'Restore Duration',
        'Billed Restore Duration',
      ),
      milliseconds,
    )
    .map(([label, value]) => `${label}: ${value} ms`),
  fc
    .tuple(fc.constantFrom('Memory Size', 'Max Memory Used'), megabytes)
    .map(([label, value]) => `${label}: ${value} MB`),
  fc.constantFrom(
    'Status: timeout',
    'Status: error',
    'Error Type: Runtime.ExitError',
    'Future Label: 7 things',
    'Phase: init',
    'nonsense',
  ),
);
const usual = fc
  .tuple(fc.double({ min: 0, max: 900_000, noNaN: true }), fc.integer({ min: 128, max: 10_240 }))
  .map(([duration, size]) => [
    `Duration: ${duration.toFixed(2)} ms`,
    `Billed Duration: ${Math.ceil(duration)} ms`,
    `Memory Size: ${size} MB`,
    `Max Memory Used: ${size >> 1} MB`,
  ]);
const fields = fc.oneof(
  usual,
  usual,
  fc.tuple(usual, fc.array(field, { maxLength: 3 })).map(([a, b]) => [...a, ...b]),
  fc.array(field, { maxLength: 8 }),
);
const xray = fc.constantFrom(
  '',
  '',
  '',
  'XRAY TraceId: 1-5e61292c-cc1229a4dfbeae1043928548\tSegmentId: 07a85e713f6302b2\tSampled: true\t\n',
);

const textLine = fc.oneof(
  fc.tuple(requestId, version, ending).map(([id, v, end]) => `START RequestId: ${id} Version: ${v}${end}`),
  fc.tuple(requestId, ending).map(([id, end]) => `END RequestId: ${id}${end}`),
  fc
    .tuple(requestId, fields, separator, fc.constantFrom('\t\n', '\t\n', '\n', ''), xray)
    .map(([id, parts, between, end, second]) => `REPORT RequestId: ${id}\t${parts.join(between)}${end}${second}`),
);

const count = fc.oneof(
  fc.integer({ min: 0, max: 100_000 }),
  fc.double({ min: 0, max: 1e6, noNaN: true }).map((value) => Number(value.toFixed(3))),
  fc.constantFrom(-1, 1e21, 0.00049, null, '12', true),
);
const metrics = fc.record(
  {
    durationMs: count,
    billedDurationMs: count,
    memorySizeMB: fc.constantFrom(128, 512, 12.5),
    maxMemoryUsedMB: fc.constantFrom(91, 128),
    initDurationMs: count,
    restoreDurationMs: count,
    billedRestoreDurationMs: count,
    producedBytes: count,
  },
  { requiredKeys: ['durationMs'] },
);
const tracing = fc.constantFrom(
  { spanId: '24cd7d670fa455f0', type: 'X-Amzn-Trace-Id', value: 'Root=1-6352a70e-1e2c502e358361800241fd45;Sampled=1' },
  { value: 'odd "}] \\ text' },
  'a text',
);
const spans = fc.constantFrom(
  [{ name: 'responseLatency', start: '12:01:23:521Z', durationMs: 1.5 }],
  [],
  [{ name: '}{' }],
);
const record = fc.record(
  {
    requestId,
    status: fc.constantFrom('success', 'success', 'error', 'timeout', 'failure', 'odd'),
    errorType: fc.constantFrom('Runtime.ExitError', 'Runtime.OutOfMemory'),
    version,
    metrics,
    tracing,
    spans,
    functionArn: fc.constant('arn:aws:lambda:eu-west-1:123456789012:function:other'),
    more: fc.anything({ maxDepth: 1 }),
  },
  { requiredKeys: ['requestId'] },
);
const type = fc.constantFrom(
  'platform.start',
  'platform.report',
  'platform.report',
  'platform.runtimeDone',
  'platform.initStart',
  'platform.unheardOf',
  'function',
);
const jsonLine = fc.tuple(type, record, fc.boolean(), fc.constantFrom('', '\n')).chain(([kind, value, spaced, end]) =>
  fc.shuffledSubarray(Object.entries(value), { minLength: Object.keys(value).length }).map((entries) => {
    const text = JSON.stringify({ time: '2026-11-21T10:00:00.541Z', type: kind, record: Object.fromEntries(entries) });
    return (spaced ? text.replaceAll('":', '": ').replaceAll(',"', ', "') : text) + end;
  }),
);

const applicationLine = fc.oneof(
  fc.constantFrom(
    '[ERROR] KeyError: \'id\'\nTraceback (most recent call last):\n  File "/var/task/app.py", line 4, in handler\n',
    '2026-11-21T10:00:00.123Z\t6f1c2a5e-3b0d-4c57-9a51-2f6d8f0c9b01\tERROR\tInvoke Error \t{"errorType":"TypeError"}',
    'RequestId: 6f1c2a5e-3b0d-4c57-9a51-2f6d8f0c9b01 Error: Runtime exited with error: signal: killed\nRuntime.ExitError\n',
    '{"level":"ERROR","errorType":"AccessDeniedException","statusCode":403,"message":"User is not authorized to perform: s3:GetObject"}',
    'password=hunter2hunter2',
    'INIT_START Runtime Version: python:3.14.DurableFunction.v6\tRuntime Version ARN: arn:aws:lambda:eu-west-1::runtime:ab',
  ),
  fc.string({ unit: 'binary', maxLength: 60 }),
);

export const logMessage = fc.oneof(
  { weight: 6, arbitrary: textLine },
  { weight: 3, arbitrary: jsonLine },
  { weight: 1, arbitrary: applicationLine },
);

export interface EventShape {
  readonly id: string;
  readonly timestamp: unknown;
  readonly message: string;
}

const event = fc.record({
  id: fc.oneof(
    { weight: 6, arbitrary: hex(0).map(() => '39240000000000000000000000000000000000000000000000000001') },
    { weight: 1, arbitrary: fc.constantFrom('1', '', 'a"b', '12:34', '3') },
  ),
  timestamp: fc.oneof(
    { weight: 12, arbitrary: fc.integer({ min: 1795255200000, max: 1795255299999 }) },
    { weight: 1, arbitrary: fc.constantFrom(0, 12, -1, 1.5, '1795255200000', null, 99999999999999, 9999999999999) },
  ),
  message: logMessage,
});

/** The parts of a subscription message. */
export const subscription = fc.record({
  messageType: fc.constant('DATA_MESSAGE'),
  owner: fc.constantFrom('123456789012', '123456789012', '601427279990', '12'),
  logGroup: fc.constantFrom(
    LOG_GROUP,
    LOG_GROUP,
    '/aws/lambda/us-east-1.edge',
    '/aws/vpc/flow-logs',
    '/custom/group',
    '/aws/lambda/é',
  ),
  logStream: fc.constantFrom(
    '2026/11/21/[$LATEST]e6bd0f6b5c0a4c67a2d5c8f2b0c81d4e',
    '2026/11/21/[42]e6bd0f6b5c0a4c67a2d5c8f2b0c81d4e',
    '2025/05/06/named[$LATEST]6163f46c',
    'odd',
  ),
  subscriptionFilters: fc.constantFrom(['all'], [], ['a', 'b']),
  logEvents: fc.array(event, { maxLength: 6 }),
});
