/**
 * Pins images by digest, as their registry tells it: `node .deploy/pin.mjs` those of others in the Dockerfile and in
 * compose.yaml, `node .deploy/pin.mjs REGISTRY/simcity:TAG` also SimCity's own, once pushed, in the kustomization.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';

const DIGEST = /^sha256:[0-9a-f]{64}$/;

/** @param {string} image @returns {string} `sha256:…` */
function digestOf(image) {
  const args = ['buildx', 'imagetools', 'inspect', image, '--format', '{{.Manifest.Digest}}'];
  const digest = execFileSync('docker', args, { encoding: 'utf8' }).trim();
  if (!DIGEST.test(digest)) throw new Error(`the registry tells no digest of ${image}: ${digest}`);
  console.log(`${image} ${digest}`);
  return digest;
}

/** @param {string} file @param {RegExp} pattern of what is before an image, and the image with its tag */
function pin(file, pattern) {
  const known = new Map();
  const text = readFileSync(file, 'utf8').replace(pattern, (_, before, image) => {
    if (!known.has(image)) known.set(image, digestOf(image));
    return `${before}${image}@${known.get(image)}`;
  });
  writeFileSync(file, text);
}

pin('Dockerfile', /^(FROM )([\w./-]+:[\w.-]+)(?:@sha256:\w+)?/gm);
pin('compose.yaml', /^( +image: )((?!simcity:)[\w./-]+:[\w.-]+)(?:@sha256:\w+)?$/gm);

const [own] = process.argv.slice(2);
if (own) {
  const file = '.deploy/kubernetes/kustomization.yaml';
  const name = own.replace(/:[\w.-]+$/, '');
  const entry = `newName: ${name}\n    digest: ${digestOf(own)}`;
  writeFileSync(file, readFileSync(file, 'utf8').replace(/newName: .*\n {4}(newTag|digest): .*/, entry));
}
