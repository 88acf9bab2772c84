/** Row 35: whoever has no token costs a server little, however many connections he opens. */
import { afterAll, beforeAll, expect } from 'vitest';
import { API_BASE, apiPath, SESSION_PATH } from '../../server/contract/index.ts';
import type { Attack } from './fixtures/hostile-connections.ts';
import { attack, statusesOf, wordsOf } from './support/attacker.ts';
import { ChaosDatabase } from './support/database.ts';
import { Pace, quantile } from './support/latency.ts';
import { serve } from './support/parts.ts';
import { residentBytes } from './support/processes.ts';
import { row } from './support/row.ts';
import { until } from './support/until.ts';

let database: ChaosDatabase;
beforeAll(async () => {
  database = await ChaosDatabase.start();
});
afterAll(() => database.close());

const CONNECTIONS = 200;
/** Longer than a head may take, so that those that drip are cut and come again. */
const ATTACK_MS = 25_000;
const SECRETS = { reader: 'reader-secret-0123456789', controller: 'controller-secret-0123456789' };

const bearer = (secret: string) => ({ authorization: `Bearer ${secret}` });

row(
  {
    row: 35,
    fault: `${CONNECTIONS} hostile connections without a token`,
    target: "resident memory ≤ +64 MiB; a reader's p99 ≤ 250 ms",
  },
  async (row) => {
    const server = await serve(row, await database.create(), {
      env: {
        SIMCITY_TOKENS: `reader:read:${SECRETS.reader},controller:control:${SECRETS.controller}`,
        SIMCITY_REQUIRE_TOKEN: '1',
        SIMCITY_LOG_LEVEL: 'warn',
      },
    });
    const [pid = 0] = server.partPids('server');
    const launched = await fetch(`${server.url}${API_BASE}/runs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...bearer(SECRETS.controller) },
      body: '{"target":"memory"}',
    });
    const { id: runId } = (await launched.json()) as { id: string };
    const read = async () => {
      const answer = await fetch(`${server.url}${apiPath.run(runId)}`, { headers: bearer(SECRETS.reader) });
      expect(answer.status, 'a reader is served').toBe(200);
      await answer.arrayBuffer();
    };
    for (let warm = 0; warm < 300; warm++) await read();
    const before = residentBytes(pid);
    const data: Attack = {
      port: Number(new URL(server.url).port),
      connections: CONNECTIONS,
      runId,
      apiBase: API_BASE,
      sessionPath: SESSION_PATH,
    };
    const attacker = attack(row, 'hostile-connections.ts', data);
    const reader = new Pace(15, read);
    let peak = before;
    const begun = performance.now();
    await until('the attack is over', ATTACK_MS * 2, () => {
      peak = Math.max(peak, residentBytes(pid));
      return performance.now() - begun > ATTACK_MS;
    });
    const times = await reader.stop();
    const report = await attacker.end();
    row.say(`${CONNECTIONS} connections for ${ATTACK_MS / 1_000} s, made again when cut: ${wordsOf(report)}`);
    row.reach(`p50 ${Math.round(quantile(times, 0.5))} ms of ${times.length} answers`);
    expect(
      statusesOf(report).filter((status) => status >= 500 && status !== 503),
      wordsOf(report),
    ).toEqual([]);
    row.amount('resident memory', (peak - before) / 2 ** 20, 64, 'MiB more');
    row.time("a reader's p99", quantile(times, 0.99), 250);
    expect(server.partPids('server'), 'the server is the same process').toEqual([pid]);
  },
);
