/** What must be so once a schedule is over: each run has ended once, as it should, and nobody was told anything else. */
import { apiPath, isTerminal, type Run, runSchema } from '../../../../server/contract/index.ts';
import { isUnreachable } from '../../../../server/db/client.ts';
import { assertInvariants } from '../invariants.ts';
import { processesOf, running } from '../processes.ts';
import type { Row } from '../row.ts';
import { allEnded } from '../subscriber.ts';
import { until, within } from '../until.ts';
import type { Composition, Launched } from './composition.ts';
import { WRITER } from './writer.ts';

/** Leases run out, and what was lost is executed again, up to three times. */
const END_MS = 60_000;
const TOLD_MS = 15_000;
const GONE_MS = 15_000;
const RUNNER_TOLD = 'the runner is shutting down';
const MOST_TRIES = 5;
/** A run is not executed more often. */
const MOST_ATTEMPTS = 3;

/** Everything that is wrong, in words; empty: nothing is. */
export async function judge(row: Row, composition: Composition): Promise<readonly string[]> {
  if (composition.problems.length > 0) return composition.problems;
  const { runs, observers } = composition;
  const wrong = [...(await Promise.all(runs.map((run) => saidOf(judgeRun(row, composition, run)))))].flat();
  if (wrong.length === 0) wrong.push(...(await saidOf(assertAllOver(composition))));
  for (const [id, why] of observers.histories.undecided)
    wrong.push(`the history of run ${id} is undecided: ${why}`);
  return [...composition.problems, ...wrong];
}

async function saidOf(work: Promise<void>): Promise<string[]> {
  return work.then(
    () => [],
    (error) => [error instanceof Error ? error.message : String(error)],
  );
}

/** @throws when a run did not become what it should, or somebody saw something else. */
async function judgeRun(row: Row, { world, runnerTold }: Composition, launched: Launched): Promise<void> {
  const { id, subscribers, stopped } = launched;
  const run = await ended(world, id);
  if (run === null) return assertRemoved(launched);
  assertOutcome(run, stopped || (runnerTold && run.stopReason === RUNNER_TOLD));
  await allEnded(subscribers, TOLD_MS);
  const acknowledged = new Map(world.telemetry.flatMap((proxy) => [...(proxy.acknowledged.get(id) ?? [])]));
  await patiently(() => assertInvariants(row, { sql: world.sql, runId: id, subscribers, acknowledged }));
}

/** A connection of the test's own that was broken meanwhile says nothing about the run. */
async function patiently(look: () => Promise<unknown>): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      await look();
      return;
    } catch (error) {
      if (!isUnreachable(error) || tries === MOST_TRIES) throw error;
    }
  }
}

/** Null: it was removed. */
async function ended({ servers }: Composition['world'], id: string): Promise<Run | null> {
  const { run } = await until(`run ${id} ends`, END_MS, async () => {
    const answer = await fetch(`${servers[0]?.url}${apiPath.run(id)}`);
    if (answer.status === 410) return { run: null };
    const run = runSchema.parse(await answer.json());
    return isTerminal(run.status) ? { run } : null;
  });
  return run;
}

/** Who was reading got a part of it without a hole, and was told. */
async function assertRemoved({ id, subscribers }: Launched): Promise<void> {
  for (const subscriber of subscribers) {
    subscriber.close();
    const others = subscriber.others.filter((kind) => kind !== 'reset');
    const wrong = [...subscriber.problems, ...others];
    if (wrong.length > 0) throw new Error(`run ${id}, which was removed: ${wrong.join('; ')}`);
  }
}

/** The service under test is right: it passes, unless somebody stops it or no attempt at it was let alone. */
function assertOutcome(run: Run, stopped: boolean): void {
  const { id, target, status, stopReason, failForensic, lostAttempts } = run;
  if (status === 'PASS') return;
  if (status === 'STOPPED' && (stopped || lostAttempts.length >= MOST_ATTEMPTS)) return;
  const why = failForensic === null ? '' : `: ${failForensic.kind}: ${failForensic.message}`;
  throw new Error(`run ${id} of ${target} ended ${status} (${stopReason ?? ''})${why}`);
}

/** Also those whose launch was committed and not answered, but for those that only a writer would take; no process of them goes on. */
async function assertAllOver({ world, observers }: Composition): Promise<void> {
  await within('every reader reads the end', TOLD_MS, observers.allRead());
  await until('no run is under way', END_MS, async () => {
    const [left] = await world.sql`
      select 1 from simcity_runs where status not in ('PASS', 'FAIL', 'STOPPED')
        and not (status = 'QUEUED' and assigned_runner = ${WRITER}) limit 1`;
    return left === undefined;
  });
  const failed = await world.sql<{ id: string }[]>`select id from simcity_runs where status = 'FAIL'`;
  if (failed.length > 0) throw new Error(`runs ended FAIL: ${failed.map(({ id }) => id).join(' ')}`);
  const harnesses = () => running(processesOf(world.tag), 'harness');
  await until('no harness is left (I4)', GONE_MS, () => harnesses().length === 0);
}
