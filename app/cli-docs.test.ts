import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { file, tripline } from '../test/captured-run.ts';
import { parseConfig } from './config.ts';

const DOCS = readFileSync(new URL('../docs/cli.md', import.meta.url), 'utf8');

/** Section of a command, from its heading to the next. */
function sectionOf(command: string): string {
  const section = DOCS.split('\n## ').find((it) => it.startsWith(`\`tripline ${command}`));
  if (section === undefined) throw new Error(`docs/cli.md has no section for ${command}`);
  return section;
}

const commandsOf = async () =>
  [...(await tripline(['--help'])).out.matchAll(/^ {2}([a-z]+)(?: \[options\]| <)/gm)].map((match) => match[1]!);

test('docs/cli.md has every command with every option, and no other', async () => {
  const commands = await commandsOf();
  expect(commands).toEqual(
    expect.arrayContaining(['demo', 'replay', 'explain', 'query', 'functions', 'coverage', 'check']),
  );
  for (const command of commands) {
    const { out } = await tripline([command, '--help']);
    const known = [...out.matchAll(/^ {2}(--[a-z-]+(?: <[^>]+>)?)/gm)].map((match) => match[1]!);
    const documented = [...sectionOf(command).matchAll(/^\| `(--[^`]+)`/gm)].map((match) => match[1]!);
    expect({ command, options: new Set(documented) }).toEqual({ command, options: new Set(known) });
  }
  expect(DOCS.match(/^## `tripline/gm)).toHaveLength(commands.length);
});

test('what docs/cli.md says of a live installation are the defaults', () => {
  const yaml = [...DOCS.matchAll(/```yaml\n([\s\S]+?)```/g)][1]![1]!;
  expect(parseConfig(yaml, 'c.yaml').live).toEqual(parseConfig('', 'defaults').live);
  const [kafka] = /^bus:\n {2}kafka:\n[\s\S]+?(?=```)/m.exec(DOCS)!;
  const { bus } = parseConfig(kafka, 'c.yaml').live;
  const { bus: defaults } = parseConfig('bus: kafka://kafka-1:9093,kafka-2:9093', 'd.yaml').live;
  expect(bus.kafka).toEqual({ ...defaults.kafka, tls: {}, sasl: expect.objectContaining({ username: 'tripline' }) });
});

test('the config in docs/cli.md is the default one, but for its zone, its owner and its pattern', async () => {
  const yaml = /```yaml\n([\s\S]+?)```/.exec(DOCS)![1]!;
  expect(await tripline(['check', file('c.yaml', yaml)])).toMatchObject({ code: 0, out: 'ok\n' });
  const shown = parseConfig(yaml, 'c.yaml');
  const defaults = parseConfig('', 'defaults');
  expect(shown).toEqual({
    ...defaults,
    configHash: expect.not.stringMatching(defaults.configHash),
    settings: { ...defaults.settings, timeZone: 'Europe/Berlin' },
    paging: { ...defaults.paging, owners: [{ name: 'payments', match: ['pay-*', 'ledger-*'], pages_per_week: 3 }] },
    prices: { ...defaults.prices, functions: [{ match: 'image-*', architecture: 'arm64' }] },
  });
});
