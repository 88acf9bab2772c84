import { expect, it } from 'vitest';
import { NewestMap } from '../../runner/sim/newest-map.ts';

it('keeps the newest entries, whatever was replaced in between', () => {
  const map = new NewestMap<number, string>(3);
  for (let key = 0; key < 10; key++) {
    map.set(key, `${key}`);
    map.set(key - 1, `${key - 1} again`);
  }
  expect([...map.values()]).toEqual(['7 again', '8 again', '9']);
  expect(map.get(6)).toBeUndefined();
  expect(map.get(7)).toBe('7 again');
});
