import { expect, test } from '@jest/globals';
import { message } from '../../test/reports.ts';
import { durations, expectContract, firehose, KEY, listening, post, send } from './listen.fixture.ts';

test('while others read the past, who is known is asked to come again, and no time is told', async () => {
  let end = () => {};
  const caughtUp = new Promise<void>((resolve) => {
    end = resolve;
  });
  const one = await listening(`firehose: {accessKey: "${KEY}"}`, undefined, caughtUp);
  try {
    const refused = await post(one, [message(1)]);
    expectContract(refused, 503, /read first/);
    expect(refused.headers['retry-after']).toBe('5');
    const stranger = firehose([message(1)], { headers: { 'x-amz-firehose-access-key': 'guessed' } });
    expectContract(await send(`${one.url}/firehose`, stranger), 403, /not one of ours/);
    expect(one.fragmentBus.records).toEqual([]);
    end();
    expectContract(await post(one, [message(1)]), 200);
    expect(durations(one)).toEqual([1]);
  } finally {
    await one.stop();
  }
});
