/** The resolved plan of a run: every default and the seed, as it is printed before the run starts. */
import type { Run, RunConfig } from '../../server/contract/index.ts';
import { engineTextOf } from '../engine-text.ts';
import { safeText, textWidth } from '../safe-text.ts';

/** The settings of a run as `name value` pairs, in the order people look for them. */
export function planEntries(run: Run): [name: string, value: string][] {
  const { config } = run;
  const engine = engineTextOf(run);
  return [
    ['scenario', safeText(run.scenario)],
    ['target', safeText(run.target)],
    ['seed', String(run.seed)],
    ...(engine === null
      ? []
      : ([
          ['generation', engine.generation],
          ['version', engine.version],
        ] as [string, string][])),
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

/** The plan on a few lines of `name value` pairs, for terminals of 80 columns. */
export function planText(run: Run): string {
  const lines: string[] = [];
  let line = '';
  for (const [name, value] of planEntries(run)) {
    const entry = `  ${name} ${value}`;
    if (line !== '' && textWidth(line) + textWidth(entry) > 78) {
      lines.push(line);
      line = '';
    }
    line += line === '' ? entry : ` ${entry}`;
  }
  return `${[`run ${run.id}`, ...lines, line].join('\n')}\n`;
}
