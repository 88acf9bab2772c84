/** SimCity as a version with other migrations has it: a copy of this build with another sql/. */
import { cp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryFolder } from '../../helpers/folder.ts';
import type { Row } from './row.ts';

const ROOT = process.cwd();

export interface OtherVersion {
  /** Its `simcity.js`. */
  program: string;
  /** The migration that only one of the two versions has. */
  migration: string;
}

async function copied(row: Row): Promise<string> {
  const folder = await temporaryFolder();
  row.defer(() => rm(folder, { recursive: true, force: true }));
  for (const name of ['cli/simcity.js', 'dist', 'sql', 'package.json'])
    await cp(join(ROOT, name), join(folder, name), { recursive: true });
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

/** One that lacks the last migration. */
export async function olderVersion(row: Row): Promise<OtherVersion> {
  const folder = await copied(row);
  const names = (await readdir(join(folder, 'sql'))).filter((name) => name.endsWith('.sql')).sort();
  const migration = names.at(-1) as string;
  await rm(join(folder, 'sql', migration));
  return { program: join(folder, 'cli/simcity.js'), migration };
}

/** One that adds a column, a table and a trigger to what this one has. */
export async function newerVersion(row: Row): Promise<OtherVersion> {
  const folder = await copied(row);
  const migration = '20991231000000_simcity_later.sql';
  await writeFile(
    join(folder, 'sql', migration),
    `alter table public.simcity_runs add column later text not null default 'later';
     alter table public.simcity_run_live add column later integer;
     create table public.simcity_later (run_id uuid primary key, at timestamptz not null default clock_timestamp());
     create function public.simcity_note_later() returns trigger language plpgsql as $$
     begin insert into public.simcity_later (run_id) values (new.id) on conflict do nothing; return null; end $$;
     create trigger simcity_runs_later after update of status on public.simcity_runs
       for each row execute function public.simcity_note_later();`,
  );
  return { program: join(folder, 'cli/simcity.js'), migration };
}
