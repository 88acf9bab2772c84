/** How often a seed is executed again behind a gate, and what is told of it. */
import { describe, expect, it } from 'vitest';
import { judgedRules, longestLagMs } from '../../runner/harness/gated/lagging-rules.ts';
import { type ProofOptions, proofsOf, prove } from '../../runner/harness/gated/proof.ts';
import { adviceAside } from '../../runner/harness/gated/staged-service.ts';
import { WireTrace } from '../../runner/targets/pgwire/trace.ts';
import { CONTRACT_RULES, proofSchema, withDeclared } from '../../server/contract/index.ts';

const UUIDS = ['3f2a8c1e-0000-4000-8000-000000000001', '3f2a8c1e-0000-4000-8000-000000000002'];

function traceOf(uuid: string, seats = 3): WireTrace {
  const trace = new WireTrace();
  trace.add('request', 1, 'POST /slots/a/bookings', '{"citizen":"c-1"}');
  trace.add('statement', 1, 'insert into bookings values ($1)', [uuid]);
  trace.add('rows', 1, 'INSERT 0 1', []);
  trace.add('answer', 1, '201', JSON.stringify({ id: uuid, seats, at: '2026-01-02T03:04:05Z' }));
  return trace;
}

const options = (others: (WireTrace | null)[], more: Partial<ProofOptions> = {}): ProofOptions => ({
  times: others.length,
  seconds: 60,
  again: () => Promise.resolve(others.shift() ?? null),
  isStopped: () => false,
  withValues: true,
  ...more,
});

describe('a proof', () => {
  it('counts the executions that were the same but for UUIDs and times', async () => {
    const [first, other] = UUIDS as [string, string];
    const proof = await prove(traceOf(first), options([traceOf(other), traceOf(first), traceOf(other)]));
    expect(proofSchema.parse(proof)).toEqual({
      executions: 3,
      identical: 3,
      trace: traceOf(first).hash.slice(0, 8),
      parting: null,
      renamed: { uuids: 1, timestamps: 1 },
    });
  });

  it('tells the first line that differs, its kind, and what to do', async () => {
    const [first, other] = UUIDS as [string, string];
    const proof = await prove(traceOf(first), options([traceOf(other), traceOf(first, 2)]));
    expect(proof).toMatchObject({ executions: 2, identical: 1 });
    expect(proof?.parting).toMatchObject({ line: 4, class: "the service's clock or chance" });
    expect(proof?.parting?.first).toContain('"seats":3');
    expect(proof?.parting?.other).toContain('"seats":2');
    expect(proof?.parting?.advice).toMatch(/\w+/);
  });

  it('leaves values out where they are not to be kept', async () => {
    const [uuid] = UUIDS as [string];
    const proof = await prove(traceOf(uuid), options([traceOf(uuid, 2)], { withValues: false }));
    expect(JSON.stringify(proof)).not.toContain('seats');
  });

  it('says nothing of executions that came to no end, and none of a run that is stopped', async () => {
    const [uuid] = UUIDS as [string];
    expect(await prove(traceOf(uuid), options([null]))).toBeNull();
    expect(await prove(traceOf(uuid), options([traceOf(uuid), null]))).toMatchObject({ executions: 1 });
    expect(await prove(traceOf(uuid), options([traceOf(uuid)], { isStopped: () => true }))).toBeNull();
    expect(await prove(traceOf(uuid), options([traceOf(uuid)], { seconds: 0 }))).toBeNull();
  });

  it('comes after a failure, five times in half a minute, or as often as it is asked for, also after a PASS', () => {
    expect(proofsOf({ prove: null }, true)).toEqual({ times: 5, seconds: 30 });
    expect(proofsOf({ prove: null }, false)).toBeNull();
    expect(proofsOf({ prove: 0 }, true)).toBeNull();
    expect(proofsOf({ prove: 7 }, false)).toEqual({ times: 7, seconds: Number.POSITIVE_INFINITY });
  });
});

describe('reads that may lag behind a gate', () => {
  it('are judged by no virtual time, and strong ones as ever', () => {
    const rules = withDeclared(CONTRACT_RULES, { reads: { list: { staleMs: 500 } } });
    expect(longestLagMs(rules)).toBe(500);
    expect(judgedRules(rules).reads.read).toEqual({ staleMs: 0 });
    expect(judgedRules(rules).reads.list.staleMs).toBeGreaterThan(1e9);
    expect(rules.reads.list.staleMs).toBe(500);
  });
});

describe('services side by side', () => {
  it('that do not come up at a port of their own are told of {port}', () => {
    const known = 'The service started with "node server.js" did not answer within 30 s.';
    expect(adviceAside(new Error(known)).message).toContain('{port}');
    expect(adviceAside(new Error(known)).message).toContain('--parallel 1');
    expect(adviceAside(new Error('another error')).message).toBe('another error');
  });
});
