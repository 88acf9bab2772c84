/** The pod of whatever SimCity executes in a cluster: no rights, no account, and nothing that it may write but /tmp. */
import type { V1Container, V1PodTemplateSpec } from '@kubernetes/client-node';

export interface PodOptions {
  labels: Record<string, string>;
  /** Between SIGTERM and SIGKILL. */
  graceSeconds: number;
  /** With the resources that it asks for. */
  container: V1Container;
}

/** Made for namespaces that let in restricted pods alone. */
export function restrictedPod({ labels, graceSeconds, container }: PodOptions): V1PodTemplateSpec {
  return {
    metadata: { labels },
    spec: {
      restartPolicy: 'Never',
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: graceSeconds,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: 1000,
        seccompProfile: { type: 'RuntimeDefault' },
      },
      containers: [
        {
          ...container,
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'] },
          },
          volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }],
        },
      ],
      volumes: [{ name: 'tmp', emptyDir: { sizeLimit: '64Mi' } }],
    },
  };
}
