/** A member of a group, as it describes itself when it joins. */
export interface Claim {
  readonly member: string;
  /** partitions it was given last, in `generation` of the group; none for a newcomer */
  readonly owned: readonly number[];
  readonly generation: number;
}

/**
 * Divides partitions 0 … `partitions` - 1 among the members of a group so that as few as possible move: counts differ by
 * at most one, and a member loses a partition only where it has more than its share. Where two claim the same
 * partition, the later generation is believed. The same members give the same division, in whatever order they come.
 * Linear in partitions and members, but for sorting them.
 *
 * @returns ascending partitions of every member
 */
export function assignSticky(claims: readonly Claim[], partitions: number): Map<string, number[]> {
  const members = [...claims].sort((a, b) => (a.member < b.member ? -1 : 1));
  const held = heldBy(members, partitions);
  const least = Math.floor(partitions / members.length);
  let larger = partitions % members.length; // so many members have one more
  // those who hold most already have the larger shares, so that they need not give one up
  const bySize = [...members].sort((a, b) => held.get(b.member)!.length - held.get(a.member)!.length);
  const shares = new Map(bySize.map(({ member }) => [member, larger-- > 0 ? least + 1 : least]));
  const kept = new Map(members.map(({ member }) => [member, held.get(member)!.slice(0, shares.get(member)!)]));
  const taken = new Set([...kept.values()].flat());
  const free = Array.from({ length: partitions }, (_, partition) => partition).filter((p) => !taken.has(p));
  for (const [member, list] of kept) {
    list.push(...free.splice(0, shares.get(member)! - list.length));
    list.sort((a, b) => a - b);
  }
  return kept;
}

/** What every member holds, ascending: no partition twice, none that does not exist. */
function heldBy(members: readonly Claim[], partitions: number): Map<string, number[]> {
  const owners = new Map<number, Claim>();
  for (const claim of members) {
    for (const partition of claim.owned) {
      const other = owners.get(partition);
      const exists = Number.isInteger(partition) && partition >= 0 && partition < partitions;
      if (exists && (other === undefined || other.generation < claim.generation)) owners.set(partition, claim);
    }
  }
  const held = new Map<string, number[]>(members.map(({ member }) => [member, []]));
  for (const [partition, { member }] of [...owners].sort(([a], [b]) => a - b)) held.get(member)!.push(partition);
  return held;
}

/** What a member tells of itself to the one that divides: versioned, because members of two releases meet in a group. */
export const encodeClaim = ({ owned, generation }: Omit<Claim, 'member'>): Buffer =>
  Buffer.from(JSON.stringify({ v: 1, generation, owned }));

/** Nothing owned where it cannot be read: a newcomer loses warmth, nothing else. */
export function decodeClaim(member: string, bytes: Buffer | null): Claim {
  try {
    const { v, generation, owned } = JSON.parse(String(bytes));
    if (v === 1 && Number.isInteger(generation) && Array.isArray(owned)) return { member, generation, owned };
  } catch {
    // of another release, or none of ours
  }
  return { member, generation: -1, owned: [] };
}
