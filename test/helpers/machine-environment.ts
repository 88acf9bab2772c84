/** The environment of a shell of this machine: without what npm and vitest add for the programs that they start. */

const ADDED =
  /^(npm_(?!config_(cafile|registry|https?_proxy|proxy|noproxy)$)|VITEST|TEST$|DEV$|PROD$|MODE$|SSR$|BASE_URL$|NODE_ENV$|NODE$|INIT_CWD$|CI$|SIMCITY_)/;

/** `bin`: folders that come first in PATH. */
export function machineEnvironment(...bin: string[]): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !ADDED.test(name));
  const path = (process.env['PATH'] ?? '').split(':').filter((part) => !part.includes('node_modules'));
  return { ...Object.fromEntries(kept), PATH: [...bin, ...path].join(':') };
}
