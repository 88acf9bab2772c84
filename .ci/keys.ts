/** Writes the key table of mission control into cli/README.md, between its marks. `--check` only compares. */
import { readFileSync, writeFileSync } from 'node:fs';
import { type Binding, RUN, type Scope } from '../cli/tui/input/binding.ts';
import { bindingsOf } from '../cli/tui/input/keymap.ts';

const BEGIN = '<!-- keys:begin -->';
const END = '<!-- keys:end -->';

const SCOPES: readonly [scope: Scope, title: string][] = [
  ['live', 'Live'],
  ['events', 'Events'],
  ['forensics', 'Forensics'],
  ['replay', 'Replay'],
  ['checks', 'Checks'],
  ['runs', 'Runs'],
  ['campaign', 'Campaign'],
];

/** Keys that every view of a run has are listed once. */
function keysTable(): string {
  const everywhere = bindingsOf('live').filter(
    (binding) => binding.scopes === undefined || binding.scopes === RUN,
  );
  const rows = everywhere.map((binding) => row('everywhere', binding));
  for (const [scope, title] of SCOPES) {
    const own = bindingsOf(scope).filter((binding) => !everywhere.includes(binding));
    rows.push(...own.map((binding) => row(title, binding)));
  }
  return ['| Where | Key | What it does |', '| --- | --- | --- |', ...rows].join('\n');
}

function row(where: string, { label, help }: Binding): string {
  const keys = label
    .split(/ (?=\S+$)| (?=[←→↑↓])/)
    .map((key) => `\`${key}\``)
    .join(' ');
  return `| ${where} | ${keys} | ${help.replaceAll('|', '\\|')} |`;
}

const readme = readFileSync('cli/README.md', 'utf8');
const from = readme.indexOf(BEGIN);
const to = readme.indexOf(END);
if (from < 0 || to < from) throw new Error(`cli/README.md lacks the marks ${BEGIN} and ${END}.`);
const next = `${readme.slice(0, from + BEGIN.length)}\n\n${keysTable()}\n\n${readme.slice(to)}`;
if (process.argv.includes('--check')) {
  if (next !== readme) {
    process.stderr.write(
      'cli/README.md has another key table than cli/tui/input/keymap.ts: npm run readme:keys writes it.\n',
    );
    process.exit(1);
  }
} else writeFileSync('cli/README.md', next);
