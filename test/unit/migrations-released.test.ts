/** Migrations of released versions are as they were released: databases keep their checksums, and are refused by others. */
import { expect, test } from 'vitest';
import { readMigrations } from '../../server/db/migrate.ts';

/** Of 0.2.0, the first that was published. What a version adds is added here when it is dated in the changelog. */
const RELEASED = {
  '20251215120000_simcity_base.sql': '7a00d3bf521f0c64e2ddb3adc2f877e91c6cbc36d32967bbf72a8da84205f1dd',
  '20251222220000_simcity_control_plane_phase3.sql':
    '943dca0ab3534d04d208ed895aab2945f09d9c9d8af3370aa7af6ae08c14575d',
  '20261124163500_simcity_access.sql': '39838ea3c7ab8d1aafd028ec22b50cdeb55522fbbb8cc508db2d8e6dafb74ea6',
  '20261128183000_simcity_telemetry.sql': '237772df91c96cb619826c0eb863516c601c52c79793fd0e6dad8d1658d59926',
  '20261128184500_simcity_retention.sql': '989c57b0843b64de07c7a4c0f1ef8a2a9ed289889ff8bb67e6f26f773e7964ea',
  '20261129070000_simcity_tasks.sql': 'c630c966573fdfa1333d334005d094751f87abd34bd1fd2b3f0d1d9d00cb222e',
  '20261129100000_simcity_run_numbers.sql':
    '7fee56a699d38dac218d06624d3567bab0a8a58df5ba3862c21b90c372299441',
  '20261129110000_simcity_campaigns.sql': 'd91be95d2fac1a5da61c3f267db44f5c195076e133521277d5459be280dcbfa3',
};

test('what was released is not edited: a change comes in a file of its own', async () => {
  const own = new Map((await readMigrations()).map(({ name, checksum }) => [name, checksum]));
  for (const [name, checksum] of Object.entries(RELEASED)) expect(own.get(name), name).toBe(checksum);
  const newest = Object.keys(RELEASED).sort().at(-1) ?? '';
  const added = [...own.keys()].filter((name) => !(name in RELEASED));
  expect(added.filter((name) => name < newest)).toEqual([]);
});
