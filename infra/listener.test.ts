import { describe, expect, test } from '@jest/globals';
import { accessKeys } from './access-keys.ts';
import { InFlight, Refusal } from './listener-body.ts';
import { RequestRate } from './request-rate.ts';

describe('keys', () => {
  test('fit as a whole, whatever their length', () => {
    const isOne = accessKeys(['first', 'ö'.repeat(2048)]);
    const all = ['first', 'ö'.repeat(2048), '', 'firs', 'first ', 'First', 'ö'.repeat(2049), 'x'.repeat(100_000)];
    expect(all.map(isOne)).toEqual([true, true, false, false, false, false, false, false]);
    expect(accessKeys([])('')).toBe(false);
  });
});

describe('the rate of a client', () => {
  test('is so many a second, as many again at once, and told when to come again', () => {
    let nowMs = 0;
    const rate = new RequestRate(2, () => nowMs);
    expect([rate.take('a'), rate.take('a'), rate.take('a')]).toEqual([0, 0, 500]);
    expect(rate.take('b')).toBe(0);
    nowMs = 500;
    expect([rate.take('a'), rate.take('a')]).toEqual([0, 500]);
    nowMs = 60_000;
    expect([rate.take('a'), rate.take('a'), rate.take('a')]).toEqual([0, 0, 500]);
  });

  test('is remembered of so many clients alone', () => {
    const rate = new RequestRate(1, () => 0);
    rate.take('first');
    for (let i = 0; i < 10_000; i++) rate.take(`client ${i}`);
    expect([rate.take('first'), rate.take('client 9999')]).toEqual([0, 1000]);
  });
});

describe('bodies under way', () => {
  test('have room up to the limit, and one alone always', () => {
    const inFlight = new InFlight(100);
    inFlight.take(150, 0);
    inFlight.take(50, 150);
    expect(() => inFlight.take(1, 0)).toThrow(Refusal);
    inFlight.giveBack(200);
    inFlight.take(60, 0);
    inFlight.take(40, 0);
    expect(() => inFlight.take(1, 60)).toThrow('too much is under way');
    expect(inFlight.bytes).toBe(100);
  });
});
