import { expect, test } from '@jest/globals';
import { MatchConfig, matchOf } from './config-routes.ts';

test('an account is a text or a number, but none that may have lost a zero', () => {
  expect(matchOf(MatchConfig.parse({ account: 123456789012 }))).toEqual({ account: ['123456789012'] });
  expect(matchOf(MatchConfig.parse({ account: ['012345678901', 'my-project'] }))).toEqual({
    account: ['012345678901', 'my-project'],
  });
  expect(() => MatchConfig.parse({ account: 12345678901 })).toThrow(/put an account in quotes/);
});
