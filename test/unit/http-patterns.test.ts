/** The groups of requests that a plan makes, played against a city that answers everything with a yes. */
import { describe, expect, it } from 'vitest';
import { CityKnowledge } from '../../runner/harness/live/city-knowledge.ts';
import { CityPlan } from '../../runner/harness/live/plan.ts';
import type { Group, Planned } from '../../runner/harness/live/planned.ts';
import type { BookingCall } from '../../runner/scenarios/bookings/calls.ts';
import { BookingsWorkload } from '../../runner/scenarios/bookings/workload.ts';
import type { Reply } from '../../runner/service/call.ts';
import { runConfigSchema } from '../../server/contract/index.ts';

const config = runConfigSchema.parse({ operations: 20_000 });

/** Plays so many groups one after the other and hands every request to `see`. */
function playAll(groups: number, see: (planned: Planned, group: number) => void): void {
  const { world } = new BookingsWorkload(7, config);
  const knowledge = new CityKnowledge(world);
  const isGivenUp = () => false;
  const plan = new CityPlan({ seed: 7, config, knowledge, burstRate: 0.01, kills: true, isGivenUp });
  let ids = 0;
  const answer = (call: BookingCall): Reply => {
    const value = call.operation === 'book' ? { booking: `b-${++ids}` } : {};
    const reply: Reply = { outcome: 'ok', value };
    knowledge.answered(call, reply);
    return reply;
  };
  const chain = (planned: Planned, group: number): Reply => {
    see(planned, group);
    const { call, key } = planned;
    if (call.operation === 'book' && (key === 'keep' || key === 'maybe'))
      knowledge.keep(call, key === 'keep');
    if (call.operation === 'book' && key === 'release') knowledge.release(call);
    const reply = answer(call);
    const next = planned.andThen?.(reply);
    if (next) chain(next, group);
    return reply;
  };
  for (let g = 0; g < groups; g++) {
    for (let group: Group | null = plan.group(g); group; ) {
      const replies: Reply[] = group.requests.map((planned) => chain(planned, g));
      group = group.next?.(replies) ?? null;
    }
  }
}

describe('the groups of a plan', () => {
  it('never use a key twice for one citizen and slot, except to repeat a request', () => {
    const used = new Map<string, number>();
    playAll(4_000, ({ call, key }, group) => {
      if (call.operation !== 'book' || key === 'repeat' || key === 'release') return;
      const identity = JSON.stringify([call.slot, call.citizen, call.key]);
      expect(used.get(identity), `${identity} in group ${group}`).toBeUndefined();
      used.set(identity, group);
    });
    expect(used.size).toBeGreaterThan(5_000);
  });

  it('end, each after a few dozen requests', () => {
    const sizes = new Map<number, number>();
    playAll(1_000, (_, group) => sizes.set(group, (sizes.get(group) ?? 0) + 1));
    expect(Math.max(...sizes.values())).toBeLessThan(100);
    expect(sizes.size).toBe(1_000);
  });
});
