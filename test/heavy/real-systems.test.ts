/**
 * Two real systems of Debian's packages, which nobody wrote for SimCity, by the adapters that are the examples: etcd's
 * JSON gateway, and CalDAV by Radicale. Both are killed and started again on their data. What the adapters ask for so
 * that nobody is overwritten is left out once: then they must fail.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { executeLive } from '../../runner/harness/live/execute-live.ts';
import { loadModules } from '../../runner/modules/load-modules.ts';
import { MemorySink } from '../../runner/telemetry/memory.ts';
import { type EndReport, runConfigSchema } from '../../server/contract/index.ts';
import { neverStopped } from '../helpers/execute.ts';
import { freePort } from '../helpers/http-service.ts';

interface System {
  readonly name: string;
  readonly package: string;
  /** The command that starts it on this port, with its data in this folder. */
  command(port: number, folder: string): string;
  readonly operations: number;
  /** The line of its adapter that asks for a change only if nobody was faster, and the line without. */
  readonly condition: readonly [line: string, without: string];
}

const ETCD: System = {
  name: 'etcd',
  package: 'etcd-server',
  command: (port, folder) => {
    const peer = 'http://127.0.0.1:0';
    return [
      `etcd --data-dir ${folder} --logger zap --log-level error`,
      `--listen-client-urls http://127.0.0.1:${port} --advertise-client-urls http://127.0.0.1:${port}`,
      `--listen-peer-urls ${peer} --initial-advertise-peer-urls ${peer} --initial-cluster default=${peer}`,
      // With one member nobody has to be waited for.
      '--heartbeat-interval 20 --election-timeout 200',
    ].join(' ');
  },
  operations: 1_500,
  condition: [
    "const compare = [{ key, target: 'MOD', result: 'EQUAL', mod_revision }];",
    'const compare: object[] = [];',
  ],
};

const RADICALE: System = {
  name: 'radicale',
  package: 'radicale',
  command: (port, folder) =>
    [
      `radicale --config "" --server-hosts 127.0.0.1:${port} --storage-filesystem-folder ${folder}`,
      '--auth-type none --server-max-connections 200 --logging-level error',
    ].join(' '),
  // It takes some 50 ms a request.
  operations: 400,
  condition: ["headers: { ...headers, 'if-none-match': '*' }", 'headers'],
};

const isThere = ({ name }: System) => spawnSync(name, ['--version']).status === 0;

/** What becomes of it when a change overwrites another: too many have a booking, or one had it for nothing. */
const OVERWRITTEN = [
  'no-overbooking',
  'one-active-booking-per-citizen-and-slot',
  'acknowledged-booking-stays',
];

afterEach(() => loadModules(undefined));

const adapterOf = ({ name }: System) => resolve(`test/fixtures/systems/${name}-adapter.ts`);

async function executed(
  system: System,
  seed: number,
  adapter: string,
): Promise<{ end: EndReport; kills: number }> {
  await loadModules({ target: null, scenario: null, adapter });
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), `simcity-${system.name}-`));
  try {
    const sink = new MemorySink();
    const end = await executeLive({
      ...{ scenario: 'bookings', target: `http://127.0.0.1:${port}`, seed, sink, signal: neverStopped },
      ...{ exec: system.command(port, folder), retries: 0 },
      config: runConfigSchema.parse({ operations: system.operations }),
    });
    const kills = sink.events.filter(({ type, data }) => type === 'fault' && data['name'] === 'crash').length;
    return { end, kills };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The adapter without its condition, in this folder. */
function withoutCondition(system: System, folder: string): string {
  const text = readFileSync(adapterOf(system), 'utf8');
  const [line, without] = system.condition;
  if (!text.includes(line)) throw new Error(`The adapter of ${system.name} has no "${line}".`);
  const path = join(folder, `${system.name}-adapter.ts`);
  writeFileSync(path, text.replace(line, without));
  return path;
}

for (const system of [ETCD, RADICALE]) {
  const isMissing = !isThere(system);
  const titled = (title: string) =>
    isMissing ? `${title} (skipped: apt-get install ${system.package})` : title;

  it.skipIf(isMissing)(
    titled(`${system.name} passes while it is killed and started again on its data`),
    async () => {
      let kills = 0;
      for (const seed of [1, 2]) {
        const run = await executed(system, seed, adapterOf(system));
        expect(run.end.failForensic?.message ?? run.end.status, `seed ${seed}`).toBe('PASS');
        kills += run.kills;
      }
      expect(kills).toBeGreaterThan(0);
    },
  );

  it.skipIf(isMissing)(titled(`${system.name} fails without the condition of its adapter`), async () => {
    const folder = mkdtempSync(join(tmpdir(), 'simcity-adapter-'));
    try {
      const { end } = await executed(system, 1, withoutCondition(system, folder));
      expect(OVERWRITTEN, end.failForensic?.message).toContain(end.failForensic?.invariant);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}
