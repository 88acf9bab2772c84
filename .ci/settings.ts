/** Writes the table of settings into cli/README.md, between its marks. `--check` only compares. */
import { readFileSync, writeFileSync } from 'node:fs';
import { SETTINGS } from '../cli/config/settings.ts';
import { FOREIGN_VARIABLES } from '../server/contract/process-settings.ts';
import { isHeeded } from '../server/contract/setting.ts';
import { between, table } from './zoo/table.ts';

const code = (text: string | null) => (text === null ? '' : `\`${text}\``);
const cell = (text: string) => text.replaceAll('|', '\\|');

const rows = SETTINGS.map(({ variable, flag, name, standard, row }) => {
  const choices =
    'choices' in row && row.kind === 'choice' ? `: ${row.choices.map((each) => each.name).join(', ')}` : '';
  return [
    code(variable),
    code(flag),
    code(isHeeded(row, 'file') ? name : null),
    cell(standard),
    cell(`${row.help}${choices}`),
  ];
});
const foreign = FOREIGN_VARIABLES.map(([names, what]) => [
  names.split(', ').map(code).join(', '),
  '',
  '',
  '',
  cell(what),
]);

const readme = readFileSync('cli/README.md', 'utf8');
const next = between(
  readme,
  'settings',
  table(
    ['variable', 'flag', 'in the file', 'when nothing is said', 'meaning'],
    [...rows, ...foreign],
    'The flag is one of the commands that need it. Written by `node .ci/settings.ts` from the tables in `server/contract`.',
  ),
);
if (!process.argv.includes('--check')) writeFileSync('cli/README.md', next);
else if (next !== readme) {
  process.stderr.write(
    'cli/README.md has another table of settings than server/contract: npm run readme:settings writes it.\n',
  );
  process.exit(1);
}
