/** Bytecode of other source in a compile cache of Node's, as somebody forges it who may write there. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';

/** Five words of 32 bits come before the bytecode. */
const HEADER = { bytes: 20, sourceSize: 4, sourceHash: 12 };

/** A file of the cache: its path in the cache's folder, and what it holds. */
export interface Entry {
  path: string;
  content: Buffer;
}

/**
 * The cache that `node` with `args` fills, with the bytecode of `evil` in the place of that of each module. Node
 * checks the size and the sum of the source, which stand in the file, and V8 the length of the source and its own
 * version: `evil` is brought to the same length, and the sum is written over. `folder` is for the work.
 */
export function forgeCache(args: readonly string[], evil: string, folder: string): Entry[] {
  const honest = filledBy(args, join(folder, 'honest'));
  const sizes = new Set(honest.map(({ content }) => content.readUInt32LE(HEADER.sourceSize)));
  const compiled = compile(evil, [...sizes], folder);
  return honest.flatMap(({ path, content }) => {
    const forged = compiled.get(content.readUInt32LE(HEADER.sourceSize));
    if (forged === undefined) return [];
    const copy = Buffer.from(forged);
    copy.writeUInt32LE(content.readUInt32LE(HEADER.sourceHash), HEADER.sourceHash);
    return [{ path, content: copy }];
  });
}

/** By the size of its source: the file of the cache for `evil` in that size. */
function compile(evil: string, sizes: readonly number[], folder: string): Map<number, Buffer> {
  mkdirSync(join(folder, 'sources'), { recursive: true });
  const sources = sizes.filter((size) => size >= evil.length).map((size) => evil.padEnd(size));
  const files = sources.map((source) => {
    const file = join(folder, 'sources', `${source.length}.mjs`);
    writeFileSync(file, source);
    return file;
  });
  const load = `await Promise.all(${JSON.stringify(files)}.map((file) => import(file)))`;
  const entries = filledBy(['--input-type=module', '--eval', load], join(folder, 'evil'));
  const bySum = new Map(entries.map(({ content }) => [content.readUInt32LE(HEADER.sourceHash), content]));
  return new Map(
    sources.flatMap((source): [number, Buffer][] => {
      const content = bySum.get(crc32(source));
      return content === undefined ? [] : [[source.length, content]];
    }),
  );
}

function filledBy(args: readonly string[], cache: string): Entry[] {
  const env = { PATH: process.env['PATH'], NODE_COMPILE_CACHE: cache };
  const { status, stderr } = spawnSync(process.execPath, args, { env, encoding: 'utf8' });
  if (status !== 0) throw new Error(`node ${args.join(' ')} ended with ${status}: ${stderr}`);
  return readdirSync(cache, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return { path: path.slice(cache.length + 1), content: readFileSync(path) };
    })
    .filter(({ content }) => content.length > HEADER.bytes);
}
