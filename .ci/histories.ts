/**
 * Records what seeds mean at the engine's generation, for the tests that hold later changes to it:
 *
 *   npm run histories:record
 *
 * It refuses to record over other histories at an unchanged generation: raise ENGINE_GENERATION first. What no
 * release has had yet may be recorded anew without raising it, once its file is deleted.
 */
import { writeFileSync } from 'node:fs';
import { CityKeeper } from '../runner/targets/postgres/keeper.ts';
import { ENGINE_GENERATION } from '../server/contract/index.ts';
import { startTestPostgres } from '../test/helpers/postgres.ts';
import {
  changedHistories,
  complaint,
  EXTENTS,
  type Extent,
  type Hashes,
  HISTORIES_FILE,
  historyCases,
  historyHashOf,
  readHistories,
} from '../test/helpers/recorded-histories.ts';

const recorded = readHistories();
const hashes = { few: {}, many: {} } as Record<Extent, Hashes>;
const cluster = await startTestPostgres();
const cities = new CityKeeper();
try {
  const url = await cluster.createDatabase({ migrated: false });
  for (const extent of EXTENTS) {
    for (const each of historyCases(extent)) {
      progress(`${extent}: ${each.name}`);
      hashes[extent][each.name] = await historyHashOf(each, url, cities);
    }
  }
} finally {
  progress('');
  await cities.close();
  await cluster.close();
}

const refusal = EXTENTS.flatMap((extent) => {
  if (recorded?.generation !== ENGINE_GENERATION) return [];
  const changed = changedHistories(recorded.hashes[extent], hashes[extent]);
  return changed.length === 0 ? [] : [complaint(recorded, hashes[extent], extent) ?? ''];
});
if (refusal.length > 0) {
  process.stderr.write(`Not recorded. ${refusal.join('\n')}\n`);
  process.exitCode = 1;
} else {
  writeFileSync(HISTORIES_FILE, `${JSON.stringify({ generation: ENGINE_GENERATION, hashes }, null, 2)}\n`);
  const count = EXTENTS.map((extent) => `${Object.keys(hashes[extent]).length} ${extent}`).join(', ');
  process.stderr.write(`Recorded at generation ${ENGINE_GENERATION}: ${count}, in ${HISTORIES_FILE}.\n`);
}

function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r${text}\u001b[K`);
}
