/** `simcity campaign --launcher kubernetes` against a stand-in of the API, whose pods print prepared documents. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, expect, it } from 'vitest';
import { documentText, type ShardDocument } from '../../cli/campaign/shard/document.ts';
import {
  emptyTally,
  type FailureTally,
  partOf,
  runConfigSchema,
  type SeedRange,
} from '../../server/contract/index.ts';
import { simcity } from '../helpers/cli-process.ts';
import { IndexedJobStandIn, NO_ROOM } from '../helpers/indexed-job-api.ts';

const SEEDS: SeedRange[] = [[1, 40]];
const COUNT = 4;
const folder = mkdtempSync(join(tmpdir(), 'simcity-cluster-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Prints the document of its shard, between lines that are none; shard 3 is where a seed failed. */
const POD = `
const index = Number(process.env.JOB_COMPLETION_INDEX);
console.error('simcity: shard ' + (index + 1));
console.log(require(${JSON.stringify(join(folder, 'documents.json'))})[index].trim());
console.error('simcity: done');
if (process.argv.includes('--hold')) setInterval(() => {}, 1000);`;

const failure: FailureTally = {
  ...{
    signature: { kind: 'invariant', invariant: 'no-overbooking', operation: null },
    message: 'two of one',
  },
  ...{ seeds: 1, firstSeed: 25, seed: 25, operations: 7, operationsUntil: [0, 0, 1] },
};

function documentOf(number: number): string {
  const campaign: ShardDocument['campaign'] = {
    ...{ scenario: 'bookings', target: 'memory', config: runConfigSchema.parse({}), seeds: SEEDS },
    ...{ generation: 2, version: '0.2.0', build: null, code: null },
  };
  const failures = number === 3 ? [failure] : [];
  const tally = { ...emptyTally(), through: partOf(SEEDS, number, COUNT), failures };
  return documentText({ shard: { number, count: COUNT }, campaign, end: 'whole', tally });
}

let api: IndexedJobStandIn;
beforeEach(async () => {
  const documents = Array.from({ length: COUNT }, (_, i) => documentOf(i + 1));
  writeFileSync(join(folder, 'documents.json'), JSON.stringify(documents));
  api = await new IndexedJobStandIn([process.execPath, '-e', POD, '--']).listen(0);
  writeFileSync(join(folder, 'kubeconfig'), api.kubeconfig);
});
afterEach(() => api.close());

const launch = (options: Parameters<typeof simcity>[1] = {}, ...more: string[]) =>
  simcity(
    [
      ...['campaign', '--seeds', '1..40', '--launcher', 'kubernetes', '--shards', String(COUNT)],
      ...['--parallel', '2', '--json', ...more],
    ],
    { cwd: folder, ...options, env: { KUBECONFIG: join(folder, 'kubeconfig'), ...options.env } },
  );

const deletions = () =>
  api.calls.filter(({ method }) => method === 'DELETE').map(({ path }) => path.split('?')[0]);
const DELETED = ['/api/v1/namespaces/city/pods', '/apis/batch/v1/namespaces/city/jobs/job-1'];

it('makes one Job, gathers what its pods print, deletes it, and fails as the seed that failed', async () => {
  // An attempt that is lost and a node that is away for a moment are Kubernetes' matter, and cost nothing.
  api.failsOnce.set(1, 137);
  api.refusesLogs = 2;
  const { exitCode, stdout, stderr } = await launch({ env: { SIMCITY_IMAGE: 'registry/simcity:1' } });
  const found = JSON.parse(stdout);
  expect(found).toMatchObject({ seedsThrough: 40, seedsTotal: 40, seedsFailing: 1, left: [] });
  expect(found).toMatchObject({ shards: { count: 4, missing: [], stopped: [] }, failures: [failure] });
  expect(exitCode, stderr).toBe(1);
  expect(api.pods.map(({ index }) => index).sort()).toEqual([0, 1, 1, 2, 3]);
  expect(deletions()).toEqual(DELETED);
  const { body } = api.calls.find(({ method }) => method === 'POST') ?? {};
  expect(body).toMatchObject({
    spec: {
      completions: 4,
      parallelism: 2,
      template: { spec: { containers: [{ image: 'registry/simcity:1' }] } },
    },
  });
  const { Job } = await import('kubernetes-models/batch/v1');
  new Job(body as never).validate();
});

it('tells why the Job was given up, with the last words of a pod', async () => {
  api.failsOnce.set(0, 2);
  const { exitCode, stdout, stderr } = await launch({}, '--parallel', '1');
  expect(exitCode).toBe(4);
  expect(stdout).toBe('');
  expect(stderr).toContain('the Job failed: PodFailurePolicy: Container shard failed with exit code 2');
  expect(stderr).toContain('simcity: done');
  expect(deletions()).toEqual(DELETED);
});

it('ends by Ctrl-C with what is through, and takes the Job along', async () => {
  api.holds.add(3);
  const { exitCode, stdout } = await launch({
    onStderr: (text, kill) => {
      if (text.includes('3/4 shards')) kill('SIGINT');
    },
  });
  expect(exitCode).toBe(130);
  expect(JSON.parse(stdout)).toMatchObject({ seedsThrough: 30, shards: { missing: [4] }, left: [[31, 40]] });
  expect(deletions()).toEqual(DELETED);
});

it('tells why no pod runs', async () => {
  api.hasNoRoom = true;
  const { exitCode, stderr } = await launch({
    onStderr: (text, kill) => {
      if (text.includes(NO_ROOM)) kill('SIGINT');
    },
  });
  expect(stderr).toContain(`no pod runs: ${NO_ROOM}`);
  expect(exitCode).toBe(130);
});

it('says what the cluster refuses', async () => {
  api.refusal = [403, 'jobs.batch is forbidden: User "me" cannot create resource "jobs"'];
  const { exitCode, stderr } = await launch();
  expect(stderr).toContain('the cluster does not do it: jobs.batch is forbidden: User "me"');
  expect(exitCode).toBe(4);
});

it('refuses files and commands of this machine, which no pod has', async () => {
  const { exitCode, stderr } = await launch({}, '--scenario', './mine.ts');
  expect(exitCode).toBe(2);
  expect(stderr).toContain('files and commands of this machine are not in the image');
  expect((await launch({}, '--until-new', '1')).stderr).toContain('--until-new needs a server');
  expect(api.calls).toEqual([]);
});
