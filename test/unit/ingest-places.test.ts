import { expect, it } from 'vitest';
import { Places } from '../../server/ingest/places.ts';

const token = Buffer.from('a');
const other = Buffer.from('b');

it('knows where a run stands for the token that stored its last batch, and no other', () => {
  const places = new Places();
  expect(places.expected('run', token, 5)).toBeNull();
  places.learn('run', token, { next: 5, batches: 2 });
  expect(places.expected('run', token, 5)).toMatchObject({ next: 5, batches: 2 });
  expect(places.expected('run', token, undefined)).toMatchObject({ next: 5, batches: 2 });
  expect(places.expected('run', other, 5)).toBeNull();
  places.forget('run');
  expect(places.expected('run', token, 5)).toBeNull();
});

it('takes a run of which it has heard nothing to be new when its first event comes, once', () => {
  const places = new Places();
  expect(places.expected('run', token, 0)).toEqual({ next: 0, batches: 0 });
  places.surprise('run');
  expect(places.expected('run', token, 0)).toBeNull();
});

it('gives up on a run that was elsewhere eight times', () => {
  const places = new Places();
  for (let surprise = 1; surprise <= 8; surprise++) {
    places.learn('run', token, { next: 1, batches: 1 });
    expect(places.expected('run', token, 1)).not.toBeNull();
    places.surprise('run');
  }
  places.learn('run', token, { next: 1, batches: 1 });
  expect(places.expected('run', token, 1)).toBeNull();
});

it('forgets the run that was written longest ago beyond 4,096', () => {
  const places = new Places();
  const learn = (run: number) => places.learn(`run ${run}`, token, { next: 1, batches: 1 });
  for (let run = 0; run < 4_096; run++) learn(run);
  learn(0);
  learn(4_096);
  const known = (run: number) => places.expected(`run ${run}`, token, 1) !== null;
  expect([0, 1, 2, 4_096].map(known)).toEqual([true, false, true, true]);
});
