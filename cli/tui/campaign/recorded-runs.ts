/** The recorded runs of a campaign, with their bundles. */
import type { Campaign, Run } from '../../../server/contract/index.ts';
import type { Api } from '../../client/api.ts';

/** They are few: one for each distinct failure. */
const RUNS = 200;

/** Read again when there is more in them. */
export function recordedRuns(api: Api, name: string) {
  let known = '';
  let runs: readonly Run[] = [];
  const all = async () => (await api.runs({ campaign: name, limit: RUNS })).runs;
  return {
    all,
    async of({ findings }: Campaign): Promise<readonly Run[]> {
      const now = JSON.stringify(findings.map(({ run, smallest }) => [run?.id, smallest]));
      if (now !== known) runs = await all();
      known = now;
      return runs;
    },
  };
}
