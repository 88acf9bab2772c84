/** Runs and the generations of the engine: who may claim what, what is stored, and what is said of the rest. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { VERSION } from '../../runner/versions.ts';
import { ENGINE_GENERATION } from '../../server/contract/index.ts';
import { RunnerWorld, untilSaid } from './runner-world.ts';

const OTHER = ENGINE_GENERATION + 1;
const WHY = `executed by generation ${OTHER} of the engine (SimCity 9.8.7); this is generation ${ENGINE_GENERATION} (${VERSION})`;

let world: RunnerWorld;

beforeAll(async () => {
  world = await RunnerWorld.create();
});

afterEach(() => world.endRunners());
afterAll(() => world?.destroy());

/** A run that waits after a first attempt by a runner of another generation; null: any runner may take it. */
async function executedElsewhere(assigned: string | null = null): Promise<string> {
  const id = await world.queue({ operations: 1 });
  await world.sql`
    update simcity_runs set generation = ${OTHER}, version = '9.8.7', attempts = 1, assigned_runner = ${assigned}
    where id = ${id}`;
  return id;
}

test('a run stores the generation and the version of the engine that first claims it', async () => {
  const id = await world.queue({ operations: 1 });
  const before = await world.sql`select generation, version from simcity_runs where id = ${id}`;
  expect(before).toEqual([{ generation: null, version: null }]);
  await world.startRunner();
  await world.untilEnded(id);
  const after = await world.sql`select generation, version, attempts from simcity_runs where id = ${id}`;
  expect(after).toEqual([{ generation: ENGINE_GENERATION, version: VERSION, attempts: 1 }]);
});

test('a run that was executed before goes on at its own generation alone', async () => {
  const id = await executedElsewhere();
  const claimed = (generation: number | null) => world.sql`
    select generation, version from simcity_claim_run('r', 30, '\\x01', ${id}, ${generation}, 'another')`;
  expect(await claimed(ENGINE_GENERATION)).toEqual([]);
  expect(await claimed(null)).toEqual([]);
  expect(await claimed(OTHER)).toEqual([{ generation: OTHER, version: '9.8.7' }]);
});

test('a runner leaves a run of another generation, says so once, and goes on with the others', async () => {
  const id = await executedElsewhere();
  const runner = await world.startRunner();
  await untilSaid(runner, WHY);
  for (let i = 0; i < 3; i++) await world.untilEnded(await world.queue({ operations: 1 }));
  expect(await world.run(id)).toMatchObject({ status: 'QUEUED', runner: null });
  runner.process.kill('SIGTERM');
  await runner.ended;
  const lines = runner.stderr().split('\n');
  expect(lines.filter((line) => line.includes(WHY)).map((line) => JSON.parse(line))).toEqual([
    expect.objectContaining({
      run: id,
      generation: OTHER,
      msg: `The run was ${WHY}: a seed means something else here. It waits for a runner of SimCity 9.8.7.`,
    }),
  ]);
});

test('a run that is requeued while the runner waits is told of at once', async () => {
  const runner = await world.startRunner();
  const id = await executedElsewhere('somebody else');
  await world.sql.begin(async (tx) => {
    await tx`update simcity_runs set status = 'RUNNING' where id = ${id}`;
    await tx`update simcity_runs set status = 'QUEUED', assigned_runner = null where id = ${id}`;
  });
  await untilSaid(runner, WHY);
});

test.each(['SIMCITY_ONLY_RUN', 'SIMCITY_RUNNER_NAME'])(
  'by %s a runner ends the run that would wait for ever',
  async (by) => {
    const others = await executedElsewhere();
    const id = await executedElsewhere(by === 'SIMCITY_ONLY_RUN' ? null : 'the-only-one');
    const runner = await world.startRunner({ [by]: by === 'SIMCITY_ONLY_RUN' ? id : 'the-only-one' });
    expect(await world.untilEnded(id)).toMatchObject({
      status: 'STOPPED',
      stop_reason: `The run was ${WHY}: a seed means something else here. It can be executed again by a runner of SimCity 9.8.7.`,
      fail_forensic: null,
    });
    expect(await world.run(others)).toMatchObject({ status: 'QUEUED' });
    await untilSaid(runner, 'the run is ended');
  },
);
