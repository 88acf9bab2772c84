/** The groups of requests that a plan makes, played against a city that answers everything with a yes. */
import { describe, expect, it } from 'vitest';
import type { BookingCall } from '../../runner/scenarios/bookings/calls.ts';
import { BookingsPlan } from '../../runner/scenarios/bookings/live/bookings-plan.ts';
import type { Group, Planned } from '../../runner/scenarios/bookings/live/planned.ts';
import { BookingsWorkload } from '../../runner/scenarios/bookings/workload.ts';
import type { Reply } from '../../runner/service/call.ts';
import { CONTRACT_RULES, runConfigSchema, type ServiceRules } from '../../server/contract/index.ts';

const config = runConfigSchema.parse({ operations: 20_000 });

/** Plays so many groups one after the other and hands every request to `see`. */
function playAll(
  groups: number,
  see: (planned: Planned, group: number) => void,
  rules: ServiceRules = CONTRACT_RULES,
): void {
  const workload = new BookingsWorkload(7, config);
  const plan = new BookingsPlan({
    ...{ seed: 7, config, rules, workload, burstRate: 0.01, kills: true, isContract: rules.keys },
    ...{ offers: () => true, isGivenUp: () => false },
  });
  let ids = 0;
  const answer = (call: BookingCall): Reply => {
    const value = call.operation === 'book' ? { booking: `b-${++ids}` } : {};
    const reply: Reply = { outcome: 'ok', value };
    plan.answered(call, reply, { isRetry: false, isRepeat: false, status: null });
    return reply;
  };
  const chain = (planned: Planned, group: number): Reply => {
    see(planned, group);
    plan.begun(planned);
    const reply = answer(planned.call);
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

  it('go where seats are free of an API without a cancel, and say once none are', () => {
    const small = { ...config, slots: 60 };
    const workload = new BookingsWorkload(7, small, { ...CONTRACT_RULES, capacity: { least: 1, most: 1 } });
    const plan = new BookingsPlan({
      ...{ seed: 7, config: small, rules: { ...CONTRACT_RULES, keys: false }, workload, burstRate: 0.01 },
      ...{ kills: false, isContract: false, isGivenUp: () => false, offers: (name) => name !== 'cancel' },
    });
    const taken = new Set<string>();
    const answer = ({ call, andThen }: Planned): Reply => {
      let reply: Reply = { outcome: 'ok', value: {} };
      if (call.operation === 'book') {
        if (taken.has(call.slot)) reply = { outcome: 'refused', reason: 'full' };
        taken.add(call.slot);
      }
      plan.answered(call, reply, { isRetry: false, isRepeat: false, status: null });
      const next = andThen?.(reply);
      if (next) answer(next);
      return reply;
    };
    const play = (from: number, to: number) => {
      for (let g = from; g < to; g++) {
        for (let group: Group | null = plan.group(g); group; )
          group = group.next?.(group.requests.map(answer)) ?? null;
      }
    };
    play(0, 45);
    play(0, 60);
    expect(taken.size).toBeGreaterThan(25);
    expect(plan.notTested()).toEqual([]);
    play(60, 200);
    expect(taken.size).toBe(60);
    expect(plan.notTested().join()).toContain('all 60 slots were full');
  });

  it('end, each after a few dozen requests', () => {
    const sizes = new Map<number, number>();
    playAll(1_000, (_, group) => sizes.set(group, (sizes.get(group) ?? 0) + 1));
    expect(Math.max(...sizes.values())).toBeLessThan(100);
    expect(sizes.size).toBe(1_000);
  });

  it('repeat no request of a service without keys', () => {
    let repeats = 0;
    const see = ({ key }: Planned) => {
      if (key === 'repeat') repeats++;
    };
    playAll(1_000, see, { ...CONTRACT_RULES, keys: false });
    expect(repeats).toBe(0);
  });
});
