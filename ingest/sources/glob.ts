/** Whether a path holds anything that a glob would expand. */
export function isGlob(path: string): boolean {
  return /[*?[{]/.test(path);
}

/** The folder to walk for a glob: its path up to the first segment with a wildcard; `.` when that is the first. */
export function globRoot(glob: string): string {
  const segments = glob.split('/');
  const first = segments.findIndex(isGlob);
  if (first === 0) return '.';
  return segments.slice(0, first).join('/') || '/';
}

/**
 * A pattern over whole paths: `*` and `?` within a segment, `**` as a segment for any number of them, `[a-z]`, `[!a]`,
 * `{a,b}` (not nested in brackets), `\` before a character that is meant itself. A wildcard never matches the leading
 * dot of a segment. An unclosed bracket or brace stands for itself. Linear in the pattern.
 */
export function globPattern(glob: string): RegExp {
  return new RegExp(`^${segmentPatterns(glob.replace(/^(\.\/)+/, ''))}$`, 'u');
}

function segmentPatterns(glob: string): string {
  let pattern = '';
  let depth = 0; // open braces
  for (let i = 0; i < glob.length; i++) {
    const char = glob[i]!;
    const atStart = i === 0 || glob[i - 1] === '/';
    if (atStart && glob.startsWith('**/', i)) {
      pattern += '(?:(?!\\.)[^/]+/)*';
      i += 2;
    } else if (atStart && glob.slice(i) === '**') {
      pattern += '(?:(?!\\.)[^/]+/)*(?!\\.)[^/]+';
      i += 1;
    } else if (char === '*') {
      pattern += `${atStart ? '(?!\\.)' : ''}[^/]*`;
      while (glob[i + 1] === '*') i++;
    } else if (char === '?') pattern += `${atStart ? '(?!\\.)' : ''}[^/]`;
    else if (char === '[' && classEnd(glob, i) > 0) {
      const end = classEnd(glob, i);
      pattern += `(?!/)${characterClass(glob.slice(i + 1, end))}`;
      i = end;
    } else if (char === '{' && glob.includes('}', i)) {
      pattern += '(?:';
      depth++;
    } else if (char === '}' && depth > 0) {
      pattern += ')';
      depth--;
    } else if (char === ',' && depth > 0) pattern += '|';
    else if (char === '\\' && i + 1 < glob.length) pattern += literal(glob[++i]!);
    else pattern += literal(char);
  }
  return pattern + ')'.repeat(depth);
}

/** Index of the bracket that closes the class at `start`; -1 when none does. A bracket right behind the opening is a member. */
function classEnd(glob: string, start: number): number {
  const first = glob[start + 1] === '!' || glob[start + 1] === '^' ? start + 3 : start + 2;
  return glob.indexOf(']', first);
}

function characterClass(members: string): string {
  const isNegated = members.startsWith('!') || members.startsWith('^');
  const escaped = (isNegated ? members.slice(1) : members).replace(/[\\\][^]/g, '\\$&');
  return `[${isNegated ? '^' : ''}${escaped}]`;
}

function literal(char: string): string {
  return /[\\^$.*+?()[\]{}|/]/.test(char) ? `\\${char}` : char;
}
