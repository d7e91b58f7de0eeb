import { describe, expect, test } from '@jest/globals';
import { LOG_GROUP, parseAll } from '../test/readable.ts';
import { COMMON, expectedReport, json, linesOf, sample } from '../test/samples.ts';

describe('Lambda Insights, EMF and Powertools', () => {
  test('bytes and cpu of an attempt', () => {
    const { fragments, rejects } = parseAll(sample('synthetic/lambda_insights.ndjson'), {
      logGroup: '/aws/lambda-insights',
      account: '123456789012',
    });
    const common = {
      kind: 'insights',
      fn: COMMON.fn,
      version: '$LATEST',
      b: 20_481,
      c: 150_000,
      memoryMib: 512,
      usedMib: 98,
    };
    expect(fragments).toEqual([
      {
        ...common,
        time: 1795255201541,
        flags: 'cold',
        id: '6f1c2a5e-3b0d-4c57-9a51-2f6d8f0c9b01',
        durationUs: 412_000,
        billedUs: 413_000,
        initUs: 301_000,
        a: 18_234,
      },
      {
        ...common,
        time: 1795255202541,
        flags: 'failed timeout',
        id: '6f1c2a5e-3b0d-4c57-9a51-2f6d8f0c9b02',
        durationUs: 3_000_000,
        billedUs: 3_000_000,
        a: 18_234,
      },
      {
        ...common,
        time: 1795255203541,
        id: '6f1c2a5e-3b0d-4c57-9a51-2f6d8f0c9b03',
        durationUs: 412_000,
        billedUs: 413_000,
        a: 734_003_200,
      },
    ]);
    expect(rejects).toEqual([]);
  });

  test('EgressBytes of a function is marked emf and summed', () => {
    const { fragments } = parseAll(sample('aws/powertools-lambda-typescript/generated_v2.36.0.ndjson'), {
      logGroup: LOG_GROUP,
    });
    expect(fragments).toEqual([
      {
        kind: 'insights',
        fn: 'aws/-/-/checkout-api',
        time: 1795300042920,
        id: '6f1c2a5e-3b0d-4c57-9a51-2f6d8f0c9b11',
        a: 18_245,
        text: 'emf',
      },
    ]);
  });

  test('raw lines take the time of the nearest line that tells one', () => {
    const { fragments, rejects } = parseAll(sample('aws/powertools-lambda-typescript/invocation_tail.log'), {
      logGroup: LOG_GROUP,
    });
    const time = Date.parse('2022-01-27T16:04:39.323Z');
    expect(fragments.map((it) => [it['kind'], it['time'], it['id'], it['text']])).toEqual([
      ['start', time, 'c6af9ac6-7b61-11e6-9a41-93e812345678', undefined],
      ['errorLog', time, '7f586697-238a-4c3b-9250-a5f057c1119c', 'Error'],
      ['report', time, 'c6af9ac6-7b61-11e6-9a41-93e812345678', undefined],
    ]);
    expect(rejects).toEqual([]);
  });
});

describe('payloads', () => {
  const report = {
    kind: 'report',
    fn: COMMON.fn,
    time: 1795255200541,
    flags: 'fusedStart',
    version: '$LATEST',
    stream: COMMON.stream,
    id: '6f1c2a5e-3b0d-4c57-9a51-2f6d8f0c9b01',
    durationUs: 12_340,
    billedUs: 13_000,
    a: 1795255200410,
    memoryMib: 512,
    usedMib: 91,
  };

  test.each([
    { file: 'subscription_payload.json', control: 0 },
    { file: 'subscription_lambda_event.json', control: 0 },
    { file: 'subscription_kinesis_event.json', control: 1 },
    { file: 'firehose_http_request.json', control: 1 },
  ])('$file', ({ file, control }) => {
    const { fragments, rejects, stats } = parseAll(sample(`synthetic/${file}`));
    expect(fragments).toEqual([report]);
    expect([rejects.length, stats.dataMessages, stats.controlMessages]).toEqual([0, 1, control]);
  });

  test('a control message is counted and holds nothing', () => {
    const { fragments, rejects, stats } = parseAll(sample('synthetic/subscription_control_message.json'));
    expect([fragments, rejects, stats.controlMessages]).toEqual([[], [], 1]);
  });

  test.each([
    ['datadog-serverless-functions/cloudwatch_logs.json', 'report', '', 0, 17],
    ['datadog-serverless-functions/cloudwatch_log_coldstart.json', 'report', 'cold fusedStart', 0, 0],
    [
      'datadog-serverless-functions/cloudwatch_log_timeout.json',
      'report failure',
      'failed timeout cold fusedStart',
      0,
      0,
    ],
    ['datadog-serverless-functions/cloudwatch_customized_log_group_lambda_invocation.json', '', '', 0, 3],
    ['datadog-serverless-functions/cloudwatch_logs_ddtags.json', '', '', 0, 1],
    ['datadog-serverless-functions/cloudwatch_log_cloudtrail.json', '', '', 1, 4],
    ['newrelic-aws-log-ingestion/entry_lambda_timeout.json', 'report failure', 'failed timeout', 0, 0],
    ['newrelic-aws-log-ingestion/entry_lambda_oom.json', 'report failure', 'failed timeout', 0, 0],
    ['newrelic-aws-log-ingestion/entry_vpc_flow_logs.json', '', '', 1, 1],
  ])('%s', (file, kinds, flags, rejects, application) => {
    const parsed = parseAll(sample(`aws/${file}`));
    expect(parsed.fragments.map(({ kind }) => kind).join(' ')).toBe(kinds);
    expect(parsed.fragments[0]?.['flags'] ?? '').toBe(flags);
    expect([parsed.rejects.length, parsed.stats.applicationLines]).toEqual([rejects, application]);
    if (rejects > 0) expect(parsed.rejects[0]?.reason).toBe("log group is not a function's");
  });

  test('a process killed after its report', () => {
    const { fragments } = parseAll(sample('aws/newrelic-aws-log-ingestion/entry_lambda_oom.json'));
    expect(fragments[1]).toMatchObject({
      kind: 'failure',
      flags: 'failed oom',
      id: '2ea49a23-ff39-4bf5-8761-439f99b7c5f6',
      text: 'Runtime.ExitError',
    });
  });
});

describe('console output and query results', () => {
  test('aws logs tail, detailed and short', () => {
    const { fragments, rejects } = parseAll(sample('synthetic/aws_logs_tail.txt'), { logGroup: LOG_GROUP });
    expect(fragments.map(({ kind, time, stream, durationUs }) => [kind, time, stream, durationUs])).toEqual([
      ['report', 1795255200541, COMMON.stream, 12_340],
      ['report', 1795255200000, undefined, 12_340],
    ]);
    expect(rejects).toEqual([]);
  });

  test('rows of Logs Insights as objects', () => {
    const rows = linesOf('aws/oslabs-embr/report_rows.ndjson');
    const { fragments, rejects } = parseAll(sample('aws/oslabs-embr/report_rows.ndjson'), { logGroup: LOG_GROUP });
    expect(rejects).toEqual([]);
    expect(fragments).toHaveLength(rows.length);
    for (const [i, line] of rows.entries()) {
      const row = json(line) as Record<string, string>;
      const time = Date.parse(`${row['@timestamp']!.replace(' ', 'T')}Z`);
      expect(fragments[i]).toEqual({
        ...expectedReport(row['@message']!),
        fn: 'aws/-/-/checkout-api',
        time,
        stream: row['@logStream'],
      });
    }
  });

  test('a row as pairs of field and value', () => {
    const { fragments } = parseAll(sample('aws/oslabs-embr/get_query_results_row.json'), { logGroup: LOG_GROUP });
    expect(fragments).toMatchObject([
      {
        kind: 'report',
        time: 1701814483877,
        id: '76269889-7d50-4d6d-a3f1-9b4f5322f47c',
        durationUs: 14_970,
        memoryMib: 128,
        usedMib: 67,
      },
    ]);
  });

  test.each(linesOf('aws/lambda-forge/report_lines.ndjson'))('an event without stream %s', (line) => {
    const { timestamp, message } = json(line) as { timestamp: number; message: string };
    const { stream: _s, version: _v, fn: _f, ...told } = expectedReport(message);
    expect(parseAll(line, { logGroup: LOG_GROUP }).fragments).toEqual([
      { ...told, fn: 'aws/-/-/checkout-api', time: timestamp },
    ]);
  });

  test.each([
    ['aws/aws-samples-lambda-extensions/platform_lines.log', 7],
    ['aws/aws-lambda-power-tuning/lines.log', 3],
  ])('%s tells no time at all', (file, count) => {
    const { fragments, rejects } = parseAll(sample(file), { logGroup: LOG_GROUP });
    expect(fragments).toEqual([]);
    expect(rejects.map(({ reason }) => reason)).toEqual(Array(count).fill('no timestamp'));
  });

  test.each([
    'synthetic/vpc_flow_default_v2.log',
    'synthetic/cloudfront_functions.log',
    'aws/otel-contrib/alb_access.log',
  ])("%s is not a function's log", (file) => {
    const { fragments, rejects } = parseAll(sample(file));
    expect(fragments).toEqual([]);
    expect(rejects.map(({ reason }) => reason)).toEqual(linesOf(file).map(() => 'no log group'));
  });
});
