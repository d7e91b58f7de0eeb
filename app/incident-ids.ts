import { InputError } from './io.ts';
import { nearest } from './nearest.ts';
import { shown } from './style.ts';

const FEW = 5;

/**
 * The one that an id, or the beginning of one, means. @param what `incident`; @param lists the command that lists them
 * @throws {InputError} where it means none, or several, with what it may have meant
 */
export function meantById<T extends { readonly id: string }>(
  id: string,
  known: readonly T[],
  { what, lists, also = () => '' }: { what: string; lists: string; also?: (it: T) => string },
): T {
  if (id === '') throw new InputError(`an empty id is of no ${what}: ${lists} lists them`);
  const exact = known.find((it) => it.id === id);
  if (exact !== undefined) return exact;
  const begun = known.filter((it) => it.id.startsWith(id));
  if (begun.length === 1) return begun[0]!;
  const few = begun.slice(0, FEW).map((it) => `${it.id} ${also(it)}`.trimEnd());
  const more = begun.length > FEW ? `, and ${begun.length - FEW} more` : '';
  if (begun.length > 1) throw new InputError(`${shown(id)} begins ${begun.length} ids: ${few.join(', ')}${more}`);
  // what was typed may be the beginning of an id
  const meant = nearest(id, [...known.map((it) => it.id), ...known.map((it) => it.id.slice(0, id.length))]);
  throw new InputError(
    `no ${what} ${shown(id)}${meant === undefined ? `: ${lists} lists them` : `, did you mean ${meant}?`}`,
  );
}
