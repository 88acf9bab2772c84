/** Where the pods of a campaign run and what they are made of, by the settings of this machine. */
import { settingsOf } from '../../../server/contract/environment.ts';
import { isModuleFile } from '../../../server/contract/index.ts';
import { type Cluster, connectCluster } from '../../../server/contract/kubernetes/cluster.ts';
import type { Context } from '../../process/context.ts';
import { messageOf, usageError } from '../../process/errors.ts';
import { VERSION } from '../../process/version.ts';
import type { CampaignFlags } from '../plan.ts';

export interface Pods {
  cluster: Cluster;
  image: string;
  secret: string | null;
}

/** @throws CliError for what no pod has, and without the client of Kubernetes. */
export async function podsOf(context: Context, flags: CampaignFlags): Promise<Pods> {
  refuseOwnCode(flags);
  const { image, namespace, podSecret } = settingsOf(context.env, ['image', 'namespace', 'podSecret']);
  const cluster = await connectCluster(namespace).catch((error: unknown) => {
    throw usageError(`${messageOf(error)}.`);
  });
  return { cluster, image: image ?? `simcity:${VERSION}`, secret: podSecret };
}

/** The image has none of it. */
function refuseOwnCode({ scenario = '', target = '', exec, adapter }: CampaignFlags): void {
  if (![scenario, target].some(isModuleFile) && exec === undefined && adapter === undefined) return;
  throw usageError(
    'files and commands of this machine are not in the image of the pods.',
    'Make an image that has them, and a Job like .deploy/kubernetes/campaign.example.yaml whose command names them.',
  );
}
