/**
 * Live runs against the example services: no false alarm on the right one, and every bug found. With
 * SIMCITY_HEAVY=1 in all profiles and with every bug.
 */
import { describe, expect, it } from 'vitest';
import { execute } from '../../runner/harness/execute.ts';
import { executeLive } from '../../runner/harness/live/execute-live.ts';
import { MemorySink } from '../../runner/telemetry/memory.ts';
import {
  type EndReport,
  FAULT_PROFILES,
  forensicSchema,
  type RunEvent,
  runConfigSchema,
} from '../../server/contract/index.ts';
import { BUGS, BUGS_OF_RESTARTS } from '../fixtures/booking-services/bugs.ts';
import { neverStopped } from '../helpers/execute.ts';
import { commandFor, servedHere } from '../helpers/http-service.ts';

const isHeavy = process.env['SIMCITY_HEAVY'] === '1';
const SEEDS = isHeavy ? 10 : 1;
const MOST_RUNS = 8;
const QUICK_BUGS = ['check-then-insert', 'no-idempotency', 'cancel-frees-twice', 'stale-reads', 'id-reuse'];

interface Live {
  end: EndReport;
  events: readonly RunEvent[];
}

async function live(
  url: string,
  seed: number,
  config: Record<string, unknown>,
  exec: string | null = null,
): Promise<Live> {
  const sink = new MemorySink();
  const end = await executeLive({
    scenario: 'bookings',
    target: url,
    seed,
    config: runConfigSchema.parse(config),
    exec,
    retries: isHeavy ? 5 : 1,
    sink,
    signal: neverStopped,
  });
  return { end, events: sink.events };
}

describe('the right service', () => {
  it.each(FAULT_PROFILES)('passes under the profile %s', async (faults) => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      await using service = await servedHere(null);
      const { end, events } = await live(service.url, seed, { operations: isHeavy ? 2_000 : 400, faults });
      expect(end.failForensic?.message ?? end.status, `seed ${seed}`).toBe('PASS');
      expect(events.map((event) => event.index)).toEqual(events.map((_, i) => i));
      expect(events.at(-1)).toMatchObject({ type: 'end', data: { status: 'PASS' } });
    }
  });

  it('passes while it is killed in the middle of its work and started again', async () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      using command = await commandFor(null);
      const { end, events } = await live(command.url, seed, { operations: 400 }, command.exec);
      expect(end.failForensic?.message ?? end.status, `seed ${seed}`).toBe('PASS');
      const crashes = events.filter((event) => event.type === 'fault' && event.data['name'] === 'crash');
      expect(crashes.length).toBeGreaterThan(0);
    }
  });
});

describe('a buggy service', () => {
  const bugs = Object.keys(BUGS).filter(
    (bug) => isHeavy || QUICK_BUGS.includes(bug) || bug === 'lost-on-restart',
  );

  it.each(bugs)('with %s is found within a few runs', async (bug) => {
    let found: EndReport | null = null;
    for (let seed = 1; seed <= MOST_RUNS && !found; seed++) {
      const { end } = BUGS_OF_RESTARTS.includes(bug) ? await restarted(bug, seed) : await served(bug, seed);
      if (end.status === 'FAIL') found = end;
    }
    const forensic = forensicSchema.parse(found?.failForensic);
    expect(forensic.reproduction?.attempts).toBeGreaterThan(0);
    expect(forensic.reproduce).toContain('--target http://127.0.0.1:');
  });

  async function served(bug: string, seed: number): Promise<Live> {
    await using service = await servedHere(bug);
    return await live(service.url, seed, { operations: 2_000 });
  }

  async function restarted(bug: string, seed: number): Promise<Live> {
    using command = await commandFor(bug);
    return await live(command.url, seed, { operations: 400 }, command.exec);
  }
});

describe('a run that cannot begin', () => {
  it('says that nobody is there', async () => {
    await expect(live('http://127.0.0.1:1', 1, {})).rejects.toThrow('Nobody accepts a connection');
  });

  it('is refused for a scenario without a contract', async () => {
    const options = {
      target: 'http://127.0.0.1:1',
      seed: 1,
      config: runConfigSchema.parse({}),
      targetUrl: null,
    };
    const run = execute({ ...options, scenario: 'transfers', sink: new MemorySink(), signal: neverStopped });
    await expect(run).rejects.toThrow('needs the scenario "bookings"');
  });
});
