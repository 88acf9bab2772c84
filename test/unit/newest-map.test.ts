import { expect, it } from 'vitest';
import { NewestMap, setNewest } from '../../runner/sim/newest-map.ts';

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

it('keeps as many of a map from which others are deleted, too', () => {
  const map = new Map<number, string>();
  for (let key = 0; key < 10; key++) {
    setNewest(map, key, `${key}`, 3);
    if (key === 8) map.delete(7);
    setNewest(map, 0, 'again', 3);
  }
  expect([...map.keys()]).toEqual([0, 8, 9]);
});
