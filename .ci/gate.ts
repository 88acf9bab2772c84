/**
 * Executes ordinary services behind the gate, and writes the tables of runner/README.md from it:
 *
 *   node .ci/gate.ts [--seeds 100] [--only service,service] [--print] [--part services|faults]
 *
 * Every number comes from runs that are executed here, on a PostgreSQL of its own. A service that this machine cannot
 * start is named, and has no row.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type DriverFault, driverFaults, struck } from '../test/gate/support/driver-faults.ts';
import { Template } from '../test/gate/support/gated-service.ts';
import {
  isIdentical,
  type Measured,
  measured,
  type ShrunkFailure,
  shrunkFailure,
} from '../test/gate/support/measure.ts';
import { whyNot } from '../test/gate/support/readiness.ts';
import { BUGS, type Bug, GATE_SERVICES, type GateService } from '../test/gate/support/services.ts';
import { startTestPostgres, type TestPostgres } from '../test/helpers/postgres.ts';
import { between, table } from './zoo/table.ts';

const README = 'runner/README.md';
const EXECUTIONS = 20;
const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '100' },
    only: { type: 'string' },
    print: { type: 'boolean', default: false },
    part: { type: 'string', default: 'both' },
  },
});
const seeds = Number(values.seeds);
const services = GATE_SERVICES.filter(({ name }) => !values.only || values.only.split(',').includes(name));

const postgres = await startTestPostgres();
try {
  const templates = await templatesOf(postgres);
  const tables: [marker: string, text: string][] = [];
  if (values.part !== 'faults') tables.push(['gate', await servicesTable(templates)]);
  if (values.part !== 'services') tables.push(['gate-faults', await faultsTable(templates)]);
  if (values.print) process.stdout.write(tables.map(([, text]) => text).join('\n'));
  else write(tables);
} finally {
  await postgres.close();
}

function write(tables: readonly [marker: string, text: string][]): void {
  const before = readFileSync(README, 'utf8');
  writeFileSync(
    README,
    tables.reduce((text, [marker, content]) => between(text, marker, content), before),
  );
}

async function templatesOf(postgres: TestPostgres): Promise<Map<GateService, Template>> {
  const templates = new Map<GateService, Template>();
  for (const service of services) {
    const why = whyNot(service);
    if (why === null) templates.set(service, await Template.of(service, postgres));
    else progress(`${service.name} is left out: ${why}`);
  }
  return templates;
}

async function servicesTable(templates: ReadonlyMap<GateService, Template>): Promise<string> {
  const rows: string[][] = [];
  const all: Measured[] = [];
  for (const [service, template] of templates) {
    for (const bug of [null, ...BUGS]) {
      progress(`${service.name}: ${bug ?? 'right'}`);
      const result = await measured(service, bug, template, { seeds });
      all.push(result);
      rows.push([
        service.what,
        bug === null ? 'right' : `\`${bug}\``,
        ...told(bug, result, await small(service, bug, template, result)),
      ]);
    }
  }
  const results = all.flatMap(({ results }) => results);
  return table(
    ['service', 'bug', 'found', 'requests', 'identical', 'shrunk to', 'requests/s'],
    rows,
    `Of ${seeds} seeds: those that found it, the median of requests until then, those of which three executions were ` +
      `the same to the last statement, value and row; the requests left after \`simcity shrink\` of the first, and how ` +
      `often that failed by the same trace. In all ${results.filter(isIdentical).length} of ${results.length} seeds had ` +
      'one history. Written by `node .ci/gate.ts` from real runs.',
  );
}

async function small(
  service: GateService,
  bug: Bug | null,
  template: Template,
  { found }: Measured,
): Promise<ShrunkFailure | null> {
  const failing = found.find(isIdentical);
  return bug && failing ? await shrunkFailure(service, bug, template, failing, EXECUTIONS) : null;
}

function told(bug: Bug | null, result: Measured, shrunk: ShrunkFailure | null): string[] {
  const { results, found, medianRequests, identical, requestsPerSecond } = result;
  const of = (n: number) => `${n}/${results.length}`;
  return [
    bug === null && found.length === 0 ? '–' : of(found.length),
    medianRequests === null ? '–' : String(medianRequests),
    of(identical),
    shrunk === null ? '–' : `${shrunk.requests} (${shrunk.identical}/${shrunk.executions})`,
    requestsPerSecond.toFixed(0),
  ];
}

async function faultsTable(templates: ReadonlyMap<GateService, Template>): Promise<string> {
  const rows: string[][] = [];
  for (const [service, template] of templates) {
    const cells: string[] = [];
    for (const fault of driverFaults) {
      progress(`${service.name}: ${fault.title}`);
      cells.push(wordsOf(await struck(service, fault, template)));
    }
    rows.push([service.what, ...cells]);
  }
  return table(
    ['service', ...driverFaults.map(({ title }: DriverFault) => title)],
    rows,
    'What a right service made of each fault: the answers to the requests that it struck or that ended while it lasted, ' +
      'and how often; *ended*: the process did, and was started again. No answer of any of these runs was wrong, unless ' +
      'it says so. Written by `node .ci/gate.ts` from real runs.',
  );
}

function wordsOf({
  answers,
  notes,
}: {
  answers: ReadonlyMap<string, number>;
  notes: readonly string[];
}): string {
  const counted = [...answers].toSorted(([, a], [, b]) => b - a).map(([what, times]) => `${what} × ${times}`);
  return [...counted, ...notes].join(', ') || 'never struck';
}

function progress(what: string): void {
  process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${what}\n`);
}
