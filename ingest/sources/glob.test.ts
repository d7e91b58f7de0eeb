import { describe, expect, test } from '@jest/globals';
import { globPattern, globRoot } from './glob.ts';

describe('a glob', () => {
  test.each([
    { glob: '*.log', yes: ['a.log', 'b.log'], no: ['a.txt', 'd/a.log', '.log', '.a.log'] },
    { glob: 'd/*.log', yes: ['d/a.log'], no: ['a.log', 'd/e/a.log'] },
    { glob: 'd/**/*.log', yes: ['d/a.log', 'd/e/a.log', 'd/e/f/a.log'], no: ['a.log', 'd/.git/a.log'] },
    { glob: 'd/**', yes: ['d/a', 'd/e/a'], no: ['d', 'e/a', 'd/.a'] },
    { glob: '**/a', yes: ['a', 'd/a', 'd/e/a'], no: ['ba'] },
    { glob: 'a?c', yes: ['abc'], no: ['ac', 'a/c', 'abbc'] },
    { glob: '[ab]-[0-9].gz', yes: ['a-1.gz', 'b-9.gz'], no: ['c-1.gz', 'a-x.gz', 'a-10.gz'] },
    { glob: '[!a]x', yes: ['bx'], no: ['ax', '/x'] },
    { glob: '[^a]x', yes: ['bx'], no: ['ax'] },
    { glob: '[]]x', yes: [']x'], no: ['x'] },
    { glob: '{a,b*}.log', yes: ['a.log', 'bcd.log'], no: ['c.log', 'a,b*.log'] },
    { glob: '{a,{b,c}d}', yes: ['a', 'bd', 'cd'], no: ['b', 'ad'] },
    { glob: './x/*', yes: ['x/a'], no: ['./x/a'] },
    { glob: 'a(b)+$.^|*', yes: ['a(b)+$.^|', 'a(b)+$.^|c'], no: ['abb'] },
    { glob: 'a\\*b*', yes: ['a*b', 'a*bc'], no: ['axb'] },
    { glob: '[a', yes: ['[a'], no: ['a'] },
    { glob: '{a', yes: ['{a'], no: ['a'] },
    { glob: '*.ló?', yes: ['a.lóg', 'a.ló😀'], no: ['a.log'] },
  ])('$glob', ({ glob, yes, no }) => {
    const pattern = globPattern(glob);
    expect(yes.filter((path) => !pattern.test(path))).toEqual([]);
    expect(no.filter((path) => pattern.test(path))).toEqual([]);
  });

  test.each([
    ['*.log', '.'],
    ['d/e/*.log', 'd/e'],
    ['/var/log/**/x', '/var/log'],
    ['/*', '/'],
    ['a{b,c}/d', '.'],
  ])('%s is looked for under %s', (glob, root) => {
    expect(globRoot(glob)).toBe(root);
  });
});
