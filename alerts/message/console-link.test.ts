import { describe, expect, test } from '@jest/globals';
import type { AlertFunction } from '../event.ts';
import { consoleLink } from './console-link.ts';
import { eventOf } from './events.fixture.ts';

const FN: AlertFunction = { provider: 'aws', account: '811027986641', region: 'eu-west-1', name: 'pay', version: null };
const hrefOf = (fn: Partial<AlertFunction>) => consoleLink(eventOf('errors', { function: { ...FN, ...fn } }))?.href;

describe('the link into the console', () => {
  test('opens the log group five minutes before it began, its fragment encoded twice', () => {
    expect(hrefOf({})).toBe(
      'https://eu-west-1.console.aws.amazon.com/cloudwatch/home?region=eu-west-1#logsV2:log-groups/log-group/' +
        `$252Faws$252Flambda$252Fpay/log-events$3Fstart$3D${Date.UTC(2026, 10, 23, 2, 6)}$26end$3D${Date.UTC(2026, 10, 23, 2, 19)}`,
    );
  });

  test('opens the group that the function logs into', () => {
    expect(hrefOf({ log_group: '/teams/shop' })).toContain('/log-group/$252Fteams$252Fshop/log-events$3F');
  });

  test.each([
    ['us-east-1', 'us-east-1.console.aws.amazon.com'],
    ['ap-southeast-2', 'ap-southeast-2.console.aws.amazon.com'],
    ['cn-north-1', 'cn-north-1.console.amazonaws.cn'],
    ['us-gov-west-1', 'us-gov-west-1.console.amazonaws-us-gov.com'],
  ])('of %s is at %s', (region, host) => {
    expect(new URL(hrefOf({ region })!).host).toBe(host);
  });

  test.each([
    ['no region is known', { region: null }],
    ['the region is none', { region: 'evil.example/?' }],
    ['the console is not on the internet', { region: 'us-iso-east-1' }],
    ['all functions are meant', { name: '*' }],
    ['the project is none', { provider: 'gcp', account: 'x?y' }],
    ['the provider has none', { provider: 'azure' }],
  ])('is not made where %s', (_why, fn) => {
    expect(hrefOf(fn)).toBeUndefined();
  });

  test('encodes whatever the function is called', () => {
    const href = hrefOf({ name: 'a/b?c#d$e"<f>&g h%i' })!;
    const group = decodeURIComponent(
      decodeURIComponent(href.split('/log-group/')[1]!.split('/')[0]!.replaceAll('$', '%')),
    );
    expect(group).toBe('/aws/lambda/a/b?c#d$e"<f>&g h%i');
    expect(href).toMatch(/^[!-~]+$/);
  });

  test('of Google Cloud asks for both generations', () => {
    const href = hrefOf({ provider: 'gcp', account: 'shop-prod-4711', region: 'europe-west1' })!;
    expect(decodeURIComponent(href)).toContain(
      'resource.labels.function_name="pay" OR resource.labels.service_name="pay"',
    );
    expect(new URL(href).searchParams.get('project')).toBe('shop-prod-4711');
  });
});
