/** Which images run: no tag floats, and `.deploy/pin.mjs` puts digests in the place of tags, in every part. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';

const MANIFESTS = '.deploy/kubernetes';
const KUSTOMIZATION = `${MANIFESTS}/kustomization.yaml`;
const OWN = 'example.org:5000/simcity';
const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };

const hasKubectl = (process.env['PATH'] ?? '')
  .split(delimiter)
  .some((folder) => existsSync(join(folder, 'kubectl')));
if (!hasKubectl)
  process.stdout.write('kubectl is not installed: what it makes of the manifests is not tested\n');

interface Kustomization {
  resources: string[];
  images: { name: string; newName: string; newTag?: string; digest?: string }[];
}

it('the kustomization names all manifests but the examples, and an image by this version or by digest', () => {
  const { resources, images } = parse(readFileSync(KUSTOMIZATION, 'utf8')) as Kustomization;
  expect(resources.toSorted()).toEqual(
    readdirSync(MANIFESTS)
      .filter((file) => file !== 'kustomization.yaml' && !file.endsWith('.example.yaml'))
      .toSorted(),
  );
  expect(images).toHaveLength(1);
  const { newTag, digest = '' } = images[0] as Kustomization['images'][0];
  expect(newTag === version || /^sha256:[0-9a-f]{64}$/.test(digest), `${newTag} ${digest}`).toBe(true);
});

/** What the registry of these tests tells. */
const digestOf = (image: string) => `sha256:${createHash('sha256').update(image).digest('hex')}`;
const DOCKER = '#!/bin/sh\necho "sha256:$(printf %s "$4" | sha256sum | cut -c 1-64)"\n';

describe('pin.mjs', () => {
  const folder = mkdtempSync(join(tmpdir(), 'simcity-pin-'));
  const read = (file: string) => readFileSync(join(folder, file), 'utf8');
  const pin = () =>
    execFileSync(process.execPath, ['.deploy/pin.mjs', `${OWN}:1`], {
      cwd: folder,
      env: { PATH: `${folder}${delimiter}${process.env['PATH']}` },
    });

  beforeAll(() => {
    for (const file of ['Dockerfile', 'compose.yaml', '.deploy'])
      cpSync(file, join(folder, file), { recursive: true });
    writeFileSync(join(folder, 'docker'), DOCKER, { mode: 0o755 });
    pin();
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('writes the digests that the registry tells', () => {
    const node = 'node:24-bookworm-slim';
    expect(read('Dockerfile').match(/^FROM .*/gm)).toEqual([
      `FROM ${node}@${digestOf(node)} AS build`,
      `FROM ${node}@${digestOf(node)}`,
    ]);
    const { services } = parse(read('compose.yaml'), { merge: true }) as {
      services: Record<string, { image: string }>;
    };
    const database = 'postgres:18-bookworm';
    expect(services['database']?.image).toBe(`${database}@${digestOf(database)}`);
    // It is built there.
    expect(services['server']?.image).toBe(`simcity:${version}`);
    const { images } = parse(read(KUSTOMIZATION)) as Kustomization;
    expect(images).toEqual([{ name: 'simcity', newName: OWN, digest: digestOf(`${OWN}:1`) }]);
  });

  it('does so again without harm', () => {
    const all = () => ['Dockerfile', 'compose.yaml', KUSTOMIZATION].map(read);
    const once = all();
    pin();
    expect(all()).toEqual(once);
  });

  it.runIf(hasKubectl)('and kubectl gives that image to every part, to harnesses and to their policy', () => {
    const out = execFileSync('kubectl', ['kustomize', join(folder, MANIFESTS)], { encoding: 'utf8' });
    const used = parseAllDocuments(out).flatMap((document) => {
      const { data, spec } = document.toJS() as Manifest;
      const containers = spec?.template?.spec.containers ?? [];
      const told = containers.flatMap(({ env }) => env.filter(({ name }) => name === 'SIMCITY_IMAGE'));
      return [
        ...(data ? [data.image] : []),
        ...containers.map(({ image }) => image),
        ...told.map(({ value }) => value),
      ];
    });
    expect(used).toEqual(Array(5).fill(`${OWN}@${digestOf(`${OWN}:1`)}`));
  });
});

interface Manifest {
  data?: { image: string };
  spec?: {
    template?: { spec: { containers: { image: string; env: { name: string; value?: string }[] }[] } };
  };
}
