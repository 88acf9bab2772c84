#!/usr/bin/env node
// The bin: checks the version of Node in syntax that old versions can read, then loads the bundle.
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 12)) {
  process.stderr.write(
    `simcity: Node ${process.versions.node} is too old, 22.12 or newer is needed. ` +
      'In a clone of the project `npm ci` brings Node 24: use `npm start` or `npx simcity`; ' +
      'elsewhere install Node 24 from https://nodejs.org/.\n',
  );
  process.exit(2);
}
import('../dist/cli.js').catch((error) => {
  if (error.code !== 'ERR_MODULE_NOT_FOUND' || !String(error.message).includes('dist')) throw error;
  process.stderr.write('simcity: dist/ is missing. Run `npm run build` (or `npm ci`) first.\n');
  process.exit(2);
});
