/** Which of several things a roll below 100 means, where each has so many parts of 100; null: the rest. */
export function byShare<Name>(shares: readonly (readonly [Name, number])[], roll: number): Name | null {
  let left = roll;
  for (const [name, share] of shares) {
    if (left < share) return name;
    left -= share;
  }
  return null;
}
