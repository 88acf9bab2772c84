/** The resolved plan of a run: every default and the seed, as it is printed before the run starts. */
import type { Run, RunConfig } from '../../server/contract/index.ts';
import { safeText } from '../safe-text.ts';

/** The settings of a run as `name value` pairs, in the order people look for them. */
export function planEntries(run: Run): [name: string, value: string][] {
  const { config } = run;
  return [
    ['scenario', safeText(run.scenario)],
    ['target', safeText(run.target)],
    ['seed', String(run.seed)],
    ['operations', String(config.operations)],
    ['duration', config.durationSeconds === null ? 'none' : `${config.durationSeconds}s`],
    ['citizens', String(config.citizens)],
    ['slots', String(config.slots)],
    ['concurrency', String(config.concurrency)],
    ['faults', faultsText(config)],
    ['bug', config.bug === null ? 'none' : safeText(config.bug)],
    ['isolation', config.isolation],
    ['strategy', safeText(config.strategy)],
    ['rate', config.rate === null ? 'none' : `${config.rate}/s`],
    ['snapshot-every', String(config.snapshotEvery)],
    ['threshold', config.thresholds.length === 0 ? 'none' : config.thresholds.map(safeText).join(' ')],
  ];
}

function faultsText(config: RunConfig): string {
  const rates = Object.entries(config.faultRates).map(([name, rate]) => `${name}=${rate}`);
  return [config.faults, ...rates].join(' ');
}

/** The plan on a few lines of `name value` pairs. */
export function planText(run: Run): string {
  const entries = planEntries(run).map(([name, value]) => `${name} ${value}`);
  const lines: string[] = [];
  for (let i = 0; i < entries.length; i += 5) lines.push(`  ${entries.slice(i, i + 5).join('   ')}`);
  return `run ${run.id}\n${lines.join('\n')}\n`;
}
