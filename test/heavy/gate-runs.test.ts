/** Runs behind the gate, whole: a service that knows nothing of SimCity, from its survey to its smallest reproduction. */
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { executeSeed } from '../../runner/campaign/seed.ts';
import { execute } from '../../runner/harness/execute.ts';
import { stageService } from '../../runner/harness/gated/staged-service.ts';
import { survey } from '../../runner/harness/gated/survey.ts';
import { shellWord } from '../../runner/reproduce.ts';
import { shrink } from '../../runner/shrink/shrink.ts';
import { listenersAmong } from '../../runner/targets/http/listener.ts';
import { MemorySink } from '../../runner/telemetry/memory.ts';
import { type Proof, proofSchema, runConfigSchema, surveySchema } from '../../server/contract/index.ts';
import { neverStopped } from '../helpers/execute.ts';
import { freePort } from '../helpers/http-service.ts';
import { startTestPostgres, type TestPostgres } from '../helpers/postgres.ts';

const GATE = { url: null, schema: null, prepare: null, large: false };
const WIRE = { gate: 'keep', settle: 'count', pool: 6 } as const;

let database: TestPostgres;
let targetUrl: string;

beforeAll(async () => {
  database = await startTestPostgres();
  targetUrl = await database.createDatabase({ migrated: false });
});
afterAll(() => database.close());

function commandOf(...more: string[]): string {
  const file = fileURLToPath(new URL('../fixtures/gate-services/tickets.ts', import.meta.url));
  return [process.execPath, file, ...more].map(shellWord).join(' ');
}

async function subjectOf(config: Record<string, unknown>, ...more: string[]) {
  return {
    scenario: 'bookings',
    target: `http://127.0.0.1:${await freePort()}`,
    config: runConfigSchema.parse({ ...WIRE, operations: 150, ...config }),
    targetUrl,
    exec: commandOf(...more),
    gate: GATE,
  };
}

async function executed(seed: number, config: Record<string, unknown>, ...more: string[]) {
  const sink = new MemorySink();
  const end = await execute({ ...(await subjectOf(config, ...more)), seed, sink, signal: neverStopped });
  return { end, events: sink.events, last: sink.events.at(-1)?.data ?? {} };
}

/** What is left of ours on the server, of runs that are over. */
async function remains(): Promise<readonly unknown[]> {
  return await database.superuser`select datname from pg_database where datname like 'simcity_%'`;
}

describe('a run behind the gate', () => {
  it('fails on a race, is the same each time it is executed again, and says so', {
    timeout: 120_000,
  }, async () => {
    const { end, events, last } = await executed(2, { faults: 'none' }, '--bug', 'check-then-insert');
    expect(end.status).toBe('FAIL');
    const proof = proofSchema.parse(last['proof']);
    expect(proof.parting).toBeNull();
    expect(proof.identical).toBe(proof.executions);
    expect(proof.executions).toBeGreaterThan(0);
    expect(end.failForensic?.proof).toEqual(proof);
    const told = events.filter(({ type }) => type === 'note').map(({ data }) => data['what']);
    expect(told.slice(0, 2)).toEqual(['rules', 'gate']);
    expect(events.find(({ data }) => data['what'] === 'gate')?.data).toMatchObject({
      service: 'keep',
      settle: 'count',
      pool: 6,
      weaker: null,
    });
    expect(await remains()).toEqual([]);
  });

  it('passes on the right service under faults, and proves that when it is asked to', {
    timeout: 180_000,
  }, async () => {
    const { end, last, events } = await executed(3, { faults: 'rough', prove: 2 });
    expect(end.failForensic?.message).toBeUndefined();
    expect(end.status).toBe('PASS');
    expect(proofSchema.parse(last['proof'])).toMatchObject({ executions: 2, identical: 2 });
    expect(last['notTested']).toContain('clock-skew');
    expect(events.filter(({ type }) => type === 'fault').length).toBeGreaterThan(10);
  });

  it('is the same whether the service is kept or started anew, and however it is seen to settle', {
    timeout: 180_000,
  }, async () => {
    const traces = new Set<string>();
    for (const wire of [
      { gate: 'keep', settle: 'count' },
      { gate: 'restart', settle: 'sleep' },
    ]) {
      const { last } = await executed(2, { ...wire, faults: 'none', prove: 1 }, '--bug', 'check-then-insert');
      traces.add((last['proof'] as Proof).trace);
    }
    expect(traces.size).toBe(1);
  });

  it('is refused without the command and the gate, which are not stored with it', async () => {
    const { exec: _, ...untyped } = await subjectOf({});
    const options = { ...untyped, seed: 1, sink: new MemorySink(), signal: neverStopped };
    await expect(execute(options)).rejects.toThrow(/--exec 'COMMAND' --gate/);
  });
});

describe('a campaign behind the gate', () => {
  it('executes each failing seed once more', { timeout: 120_000 }, async () => {
    const subject = await subjectOf({ faults: 'none' }, '--bug', 'check-then-insert');
    const staged = await stageService(subject);
    try {
      const outcomes = [];
      for (const seed of [1, 2, 3]) {
        outcomes.push(await executeSeed(subject, seed, neverStopped, { staged }));
      }
      const failing = outcomes.filter((outcome) => outcome?.failure);
      expect(failing.length).toBeGreaterThan(0);
      for (const outcome of failing) expect(outcome?.isIdentical).toBe(true);
    } finally {
      await staged.stage.close();
    }
  });

  it('has services at ports of their own', { timeout: 60_000 }, async () => {
    const subject = await subjectOf({});
    const staged = [
      await stageService(subject, { isAside: true }),
      await stageService(subject, { isAside: true }),
    ];
    try {
      const stands = await Promise.all(staged.map(({ stage }) => stage.begin('restart')));
      expect(new Set(staged.map(({ address }) => address.port)).size).toBe(2);
      for (const [i, stand] of stands.entries()) {
        expect(listenersAmong(stand.roots(), staged[i]?.address.port ?? 0).length > 0).toBe(true);
        expect(listenersAmong(stand.roots(), staged[1 - i]?.address.port ?? 0).length > 0).toBe(false);
      }
    } finally {
      await Promise.all(staged.map(({ stage }) => stage.close()));
    }
  });
});

describe('a failure behind the gate', () => {
  it('shrinks to a few requests that fail each time', { timeout: 400_000 }, async () => {
    const subject = { ...(await subjectOf({ faults: 'none' }, '--bug', 'check-then-insert')), seed: 2 };
    const small = await shrink(subject, {
      maxExecutions: 300,
      maxSeconds: 300,
      confirmations: 10,
      signal: neverStopped,
      onProgress: () => undefined,
    });
    if (typeof small === 'string') throw new Error(small);
    expect(small.trial.candidate.operations.length).toBeLessThanOrEqual(4);
    expect(small.reproduced).toEqual({ times: 10, of: 10 });
    expect(small.trial.events.map(({ data }) => data['what'])).not.toContain('gate');
    expect(await remains()).toEqual([]);
  });
});

describe('a survey', () => {
  const surveyed = async (exec: string, config: Record<string, unknown> = {}) => {
    const told: string[] = [];
    const { target } = await subjectOf({});
    const options = {
      scenario: 'bookings',
      target,
      targetUrl,
      exec,
      gate: GATE,
      seed: 5,
      signal: neverStopped,
    };
    const tell = (text: string) => void told.push(text);
    return { told, found: await survey({ ...options, config: runConfigSchema.parse(config), tell }) };
  };

  it('finds out how a service is best tested', { timeout: 120_000 }, async () => {
    const { told, found } = await surveyed(commandOf());
    expect(surveySchema.parse(found)).toEqual(found);
    expect(found.pool).toBe(6);
    expect(found.settle).not.toBe('silence');
    expect(found.identical.same).toBe(found.identical.executions);
    expect(found.identical.executions).toBeGreaterThanOrEqual(3);
    expect(found.learned['secondCancel']).toContain('refused');
    expect(found.rules.secondCancel).toBe('refused');
    expect(found.template.bytes).toBeGreaterThan(0);
    expect(told.length).toBeGreaterThan(3);
    expect(await remains()).toEqual([]);
  });

  it('leaves what is given as it is', { timeout: 120_000 }, async () => {
    const { found } = await surveyed(commandOf(), { gate: 'restart', settle: 'sleep', pool: 3 });
    expect(found).toMatchObject({ service: 'restart', settle: 'sleep', pool: 3, keepMs: null });
  });

  it('refuses a service that speaks to another database, before anything is written there', {
    timeout: 60_000,
  }, async () => {
    const elsewhere = await database.createDatabase({ migrated: false });
    const exec = `env DATABASE_URL=${shellWord(elsewhere)} ${commandOf()}`;
    await expect(surveyed(exec)).rejects.toThrow(/does not speak to the gate.*DATABASE_URL.*\{gate\.url\}/s);
    const rows = await database.open(elsewhere)`select count(*)::int as n from bookings`;
    expect(rows[0]?.['n']).toBe(0);
    expect(await remains()).toEqual([]);
  });
});

describe('who listens at a port', () => {
  it('is told by the tables of the system', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    expect(listenersAmong([process.pid], port).length > 0).toBe(true);
    expect(listenersAmong([], port).length > 0).toBe(false);
    await new Promise((resolve) => server.close(resolve));
    expect(listenersAmong([process.pid], port).length > 0).toBe(false);
  });
});
