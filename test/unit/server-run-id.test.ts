import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { idRange, newRunId } from '../../server/runs/run-id.ts';

describe('ids of runs', () => {
  it('are UUIDs of version 7 that sort by age, also within one millisecond and when the clock goes back', () => {
    const ids = Array.from({ length: 10_000 }, (_, i) => newRunId(i < 9_000 ? 2_000_000_000_000 : 1_000));
    for (const id of ids.slice(0, 100)) z.uuidv7().parse(id);
    expect([...ids].sort()).toEqual(ids);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('are found by prefixes with or without dashes', () => {
    expect(idRange('0198C2')).toEqual({
      low: '0198c200-0000-0000-0000-000000000000',
      high: '0198c2ff-ffff-ffff-ffff-ffffffffffff',
    });
    expect(idRange('01234567-89ab-7')?.low).toBe('01234567-89ab-7000-0000-000000000000');
    const id = newRunId();
    expect(idRange(id)).toEqual({ low: id, high: id });
    for (const wrong of ['', 'xyz', '-', '--12', `${id}0`, "1' or 1=1"]) expect(idRange(wrong)).toBeNull();
  });
});
