/** The runners of a server as an operator sees them, on the command line. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createApi } from '../../cli/client/api.ts';
import { runnerSchema } from '../../server/contract/index.ts';
import type { RunningServer } from '../../server/server.ts';
import { simcity } from '../helpers/cli-process.ts';
import { startTestPostgres, type TestPostgres } from '../helpers/postgres.ts';
import { recordedClaim, recordedStart } from '../helpers/recorded-campaign.ts';
import { startTestServer } from '../helpers/server.ts';

let postgres: TestPostgres;
let server: RunningServer;
let databaseUrl: string;
let env: Record<string, string>;
beforeAll(async () => {
  postgres = await startTestPostgres();
  databaseUrl = await postgres.createDatabase();
  server = await startTestServer(databaseUrl);
  env = { SIMCITY_URL: server.url };
});
afterAll(async () => {
  await server.stop();
  await postgres.close();
});

test('runners tells what each does and when it was heard of, the last first', async () => {
  expect(await simcity(['runners'], { env })).toMatchObject({
    exitCode: 0,
    stdout: '',
    stderr: 'simcity: no runner was heard of in the last day. `simcity runner` starts one.\n',
  });

  const api = createApi({ url: server.url, token: undefined });
  await api.startCampaign(recordedStart('left', { seeds: [[1, 100]] }));
  await api.claimWork(recordedClaim({ runner: 'silent', campaign: 'left' }));
  await api.claimWork(recordedClaim({ runner: 'gone', campaign: 'nothing' }));
  await postgres.open(databaseUrl)`
    update simcity_runners set seen_at = clock_timestamp() - interval '20 minutes 1 second'`;
  await api.startCampaign(recordedStart('farmed', { seeds: [[1, 100]] }));
  await api.claimWork(recordedClaim({ runner: 'idle', campaign: 'nothing' }));
  await api.claimWork(
    recordedClaim({ runner: 'farm \u001b[31m', host: 'pod-7', campaign: 'farmed', labels: ['pg18', 'big'] }),
  );

  const { exitCode, stdout } = await simcity(['runners'], { env });
  expect(exitCode).toBe(0);
  expect(stdout).not.toContain('\u001b');
  const [heading, ...rows] = stdout.trimEnd().split('\n');
  expect(heading).toMatch(/^RUNNER +HOST +DOES +HEARD OF +BUILD +LABELS$/);
  expect(rows).toHaveLength(4);
  expect(rows[0]).toMatch(/^farm .* pod-7 +shard 1 of farmed +(now|\d+ s ago) +0\.2\.0 aaaaaaaa +pg18, big$/);
  expect(rows[1]).toMatch(/^idle +here +waits +/);
  const old = rows.slice(2).sort();
  expect(old[0]).toMatch(/^gone +here +is gone +20 min \d\d s ago +0/);
  expect(old[1]).toMatch(/^silent +here +shard 1 of left +20 min \d\d s ago, silent +0/);

  const lines = (await simcity(['runners', '--json'], { env })).stdout.trimEnd().split('\n');
  expect(lines.map((line) => runnerSchema.parse(JSON.parse(line)).labels)).toContainEqual(['pg18', 'big']);
});
