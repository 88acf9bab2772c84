/** `simcity list`: the names that there are to choose from, with a line each. */
import { LISTS, type Named, type NamedBug } from '../../server/contract/names.ts';
import { type Column, tableLines } from '../output/table.ts';
import type { Context } from '../process/context.ts';
import { EXIT } from '../process/errors.ts';
import { safeJson } from '../run/sanitize.ts';

interface ListFlags {
  json?: true;
}

/** `what` is one of the lists; without it the lists themselves are listed. */
export async function list(context: Context, what: string | undefined, flags: ListFlags): Promise<number> {
  const lists = Object.entries(LISTS).map(([name, each]): Named => ({ name, what: each.what }));
  const names = (what === undefined ? undefined : LISTS[what]?.names) ?? lists;
  const text = flags.json ? safeJson(names, 2) : tableLines(columnsFor(names), names).join('\n');
  await context.out(`${text}\n`);
  return EXIT.pass;
}

function columnsFor(names: readonly (Named | NamedBug)[]): Column<Named | NamedBug>[] {
  const areBugs = names.some((named) => 'scenario' in named);
  const ofBug = (value: (bug: NamedBug) => string) => (named: Named | NamedBug) =>
    'scenario' in named ? value(named) : '';
  return [
    { title: 'NAME', value: ({ name }) => name },
    ...(areBugs
      ? [
          { title: 'SCENARIO', value: ofBug(({ scenario }) => scenario) },
          { title: 'TARGETS', value: ofBug(({ targets }) => targets.join(',')) },
        ]
      : []),
    { title: 'WHAT', value: ({ what }) => what },
  ];
}
