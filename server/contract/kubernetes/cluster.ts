/** The API of a Kubernetes cluster, by its official client, which is installed beside SimCity where it is wanted. */
import type * as Kubernetes from '@kubernetes/client-node';

export interface Cluster {
  client: typeof Kubernetes;
  config: Kubernetes.KubeConfig;
  batch: Kubernetes.BatchV1Api;
  core: Kubernetes.CoreV1Api;
  namespace: string;
}

/** `namespace` null: the one of the client's configuration. @throws Error when the client is not installed. */
export async function connectCluster(namespace: string | null): Promise<Cluster> {
  const client = await import('@kubernetes/client-node').catch((cause: unknown) => {
    throw new Error('@kubernetes/client-node is not installed; npm install it beside simcity', { cause });
  });
  const config = new client.KubeConfig();
  config.loadFromDefault();
  const context = config.getContextObject(config.getCurrentContext());
  return {
    ...{ client, config },
    batch: config.makeApiClient(client.BatchV1Api),
    core: config.makeApiClient(client.CoreV1Api),
    namespace: namespace ?? context?.namespace ?? 'default',
  };
}
