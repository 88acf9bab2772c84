/** Row 37: another user of the machine, or a cloned folder, has prepared every place that SimCity looks at. */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lchownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { temporaryFolder } from '../helpers/folder.ts';
import { type Entry, forgeCache } from './support/forged-cache.ts';
import { createNamespace } from './support/namespace.ts';
import { CAN_BE_ANOTHER, Neighbour, type Request } from './support/neighbour.ts';
import { type Env, startSimcity } from './support/parts.ts';
import { type Row, row } from './support/row.ts';
import { lacksNamespaces } from './support/tools.ts';
import { within } from './support/until.ts';

const SIMCITY = join(process.cwd(), 'cli/simcity.js');
const TOKEN = 'sct_of_the_victim_0123456789';
const PRECIOUS = 'what the victim wants to keep\n';
const DONE_MS = 60_000;

/** Where it happens. */
class Scene {
  readonly row: Row;
  readonly neighbour: Neighbour;
  readonly prefix: readonly string[];
  /** Everybody may make files here, and only one's own may be removed: like /tmp. */
  readonly shared: string;
  /** The victim's own. */
  readonly home: string;
  /** Written when the neighbour's code is executed. */
  readonly mark: string;
  /** What went wrong, all of it. */
  readonly broken: string[] = [];
  attacks = 0;
  #precious = 0;

  constructor(row: Row, neighbour: Neighbour, prefix: readonly string[], folder: string) {
    this.row = row;
    this.neighbour = neighbour;
    this.prefix = prefix;
    this.shared = join(folder, 'shared');
    this.home = join(folder, 'home');
    this.mark = join(folder, 'executed');
    mkdirSync(this.shared);
    chmodSync(this.shared, 0o1777);
    mkdirSync(this.home, { mode: 0o700 });
  }

  static async set(row: Row): Promise<Scene> {
    // A namespace of its own has a free port 4600.
    const hasNamespace = lacksNamespaces() === null;
    const prefix = hasNamespace ? createNamespace(row).prefix : [];
    const neighbour = await Neighbour.start(row, prefix);
    return new Scene(row, neighbour, prefix, await temporaryFolder());
  }

  /** Code that leaves the mark. */
  get evil(): string {
    return `process.getBuiltinModule('node:fs').writeFileSync(${JSON.stringify(this.mark)},'');`;
  }

  /** A file of the victim's that must stay as it is. */
  precious(): string {
    this.#precious += 1;
    const path = join(this.home, `precious-${this.#precious}`);
    writeFileSync(path, PRECIOUS);
    return path;
  }

  /** A folder of the victim's. */
  own(name: string): string {
    const path = join(this.home, name);
    mkdirSync(path);
    return path;
  }

  /** Executes `simcity` as the victim, who has a token. */
  async victim(cwd: string, args: readonly string[], env: Env = {}) {
    const command = await startSimcity(this.row, args, {
      cwd,
      prefix: this.prefix,
      env: {
        HOME: this.home,
        TMPDIR: this.shared,
        SIMCITY_TOKEN: TOKEN,
        SIMCITY_DATA_DIR: undefined,
        SIMCITY_LOG_LEVEL: undefined,
        ...env,
      },
    });
    const what = `simcity ${args.join(' ')}`;
    // What runs on has been talked into something, and is told to end.
    const code = await within(what, DONE_MS, command.ended).catch(async () => {
      await command.stop();
      return 'ran on';
    });
    return { what, code, said: command.stdout + command.stderr };
  }

  /** Holds what came of an attack against what may: `allowed` of the requests, no code executed, no file changed. */
  judge(attack: string, allowed: (request: Request) => boolean = () => false): void {
    this.attacks += 1;
    const wrong = this.neighbour.taken().filter((request) => !allowed(request));
    for (const { request, authorization } of wrong) {
      const with_ = authorization?.includes(TOKEN) ? ', WITH THE TOKEN' : '';
      this.broken.push(`${attack}: ${request}${with_}`);
    }
    if (existsSync(this.mark)) {
      this.broken.push(`${attack}: the neighbour's code was executed`);
      execFileSync('rm', [this.mark]);
    }
    for (let n = 1; n <= this.#precious; n += 1) {
      const path = join(this.home, `precious-${n}`);
      if (readFileSync(path, 'utf8') === PRECIOUS) continue;
      this.broken.push(`${attack}: ${path} was changed`);
      writeFileSync(path, PRECIOUS);
    }
  }

  demand(attack: string, holds: boolean, otherwise: string): void {
    if (!holds) this.broken.push(`${attack}: ${otherwise.slice(0, 400)}`);
  }
}

/** All that look for a server, or for data, and host none where there is neither. */
const READING: readonly (readonly string[])[] = [
  ['runs'],
  ['doctor'],
  ['show', 'latest'],
  ['watch', 'latest', '--log'],
  ['stop', 'latest'],
  ['run', '--detach', '--target', 'memory'],
  ['runner'],
  ['__complete', '1', 'show', ''],
];

async function compileCache(scene: Scene): Promise<void> {
  const { neighbour, shared, home, evil } = scene;
  const entries = forgeCache([SIMCITY, '--version'], evil, scene.own('forger'));
  execFileSync('rm', ['-f', scene.mark]);
  const prepare = async (folder: string) => {
    for (const { path, content } of entries) {
      await neighbour.folder(dirname(join(folder, path)), 0o777);
      await neighbour.file(join(folder, path), content, 0o666);
    }
  };
  const trusted = scene.own('trusted-cache');
  fill(trusted, entries);
  await scene.victim(home, ['--version'], { NODE_COMPILE_CACHE: trusted });
  scene.demand('the forged bytecode', existsSync(scene.mark), 'it cannot be executed at all');
  execFileSync('rm', ['-f', scene.mark]);

  // Apart from where the other attacks take place: this one would be in each of them.
  const folder = join(shared, 'temporary');
  mkdirSync(folder);
  chmodSync(folder, 0o1777);
  await prepare(join(folder, 'node-compile-cache'));
  await prepare(join(folder, 'cache/simcity/compile-cache'));
  await prepare(join(folder, 'home/.cache/simcity/compile-cache'));
  const places: [string, Env][] = [
    ['TMPDIR', {}],
    ['XDG_CACHE_HOME', { XDG_CACHE_HOME: join(folder, 'cache') }],
    ['HOME', { HOME: join(folder, 'home') }],
    ['no HOME', { HOME: undefined }],
  ];
  for (const [name, env] of places) {
    // Twice, for the first could fill a cache and only the second take from it.
    for (let nth = 1; nth <= 2; nth += 1) {
      const { code, said } = await scene.victim(home, ['--version'], { TMPDIR: folder, ...env });
      scene.demand(`compile cache, ${name}`, code === 0 && said === `${packageJson.version}\n`, said);
    }
    scene.judge(`compile cache, ${name}`);
  }
  scene.demand(
    'compile cache',
    existsSync(join(home, '.cache/simcity/compile-cache')),
    'the victim has none',
  );
}

function fill(folder: string, entries: readonly Entry[]): void {
  for (const { path, content } of entries) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
}

async function usualPort(scene: Scene): Promise<void> {
  const { neighbour } = scene;
  if ((await neighbour.listen(4600).catch(() => 0)) === 0) {
    scene.row.say('port 4600 was taken by somebody else and left out');
    return;
  }
  const cwd = scene.own('in-front-of-the-port');
  for (const args of READING) {
    const { what } = await scene.victim(cwd, args);
    scene.judge(`port 4600, ${what}`);
  }
  const named = ['runs', '--server', 'http://127.0.0.1:4600'];
  const { said } = await scene.victim(cwd, named);
  const sent = neighbour.taken();
  scene.demand(
    'a server that --server names',
    sent.length > 0 && sent.every(({ authorization }) => authorization === `Bearer ${TOKEN}`),
    `it does not get the token: ${JSON.stringify(sent)} ${said}`,
  );
  // What is looked at next must be found on its own, not by way of the port.
  await neighbour.stopListening(4600);
}

/** Commands that would write to a data directory, or have PostgreSQL started in it. */
const WRITING: readonly (readonly string[])[] = [
  ['run', '--target', 'memory', '--operations', '20', '--log'],
  ['up', '--port', '0'],
  ['migrate'],
  ['token', 'list'],
  ['campaign', '--resume', 'evil', '--log'],
];

const LOGS = ['server', 'runner', 'database'];

/** A data directory with all that SimCity could follow, believe or execute. */
async function preparedData(scene: Scene, folder: string): Promise<void> {
  const { neighbour, evil } = scene;
  const precious = scene.precious();
  const url = `http://127.0.0.1:${await neighbour.listen(0)}`;
  const databaseUrl = `postgres://simcity:x@127.0.0.1:${await neighbour.listenAsDatabase()}/postgres`;
  const note = {
    url,
    pid: neighbour.pid,
    start: neighbour.start(),
    command: 'simcity up',
    databaseUrl,
    token: null,
  };
  await neighbour.folder(folder, 0o777);
  await neighbour.file(join(folder, 'server.json'), JSON.stringify(note), 0o666);
  await neighbour.folder(join(folder, 'logs'), 0o777);
  for (const part of LOGS) await neighbour.link(join(folder, 'logs', `${part}.log`), precious);
  await neighbour.link(join(folder, '.gitignore'), precious);
  await neighbour.link(join(folder, 'password'), precious);
  await neighbour.link(join(folder, 'postgres.log'), precious);
  await neighbour.file(join(folder, 'evil.mjs'), evil);
  await neighbour.folder(join(folder, 'campaigns'), 0o777);
  await neighbour.file(
    join(folder, 'campaigns', 'evil.json'),
    JSON.stringify(campaign(join(folder, 'evil.mjs'))),
  );
}

/** The checkpoint of a campaign that executes a file. */
function campaign(file: string) {
  return {
    version: 1,
    name: 'evil',
    scenario: 'bookings',
    target: 'module:evil.mjs',
    modules: { target: file, scenario: null, adapter: null },
    config: {},
    seeds: [[1, 2]],
    through: [],
    operations: 0,
    seconds: 0,
    found: [],
  };
}

async function dataDirectory(scene: Scene): Promise<void> {
  const { neighbour, shared } = scene;
  const beneath = join(shared, 'project');
  await preparedData(scene, join(beneath, '.simcity'));
  const elsewhere = scene.own('elsewhere');
  const linked = join(shared, 'linked');
  await neighbour.folder(linked);
  await neighbour.link(join(linked, '.simcity'), elsewhere);
  for (const [name, cwd] of [
    ['a data directory of the neighbour', beneath],
    ['a link of the neighbour to the data directory', linked],
  ] as const) {
    for (const args of READING) {
      const { what } = await scene.victim(cwd, args);
      scene.judge(`${name}, ${what}`);
    }
    for (const args of WRITING) {
      const { what, code, said } = await scene.victim(cwd, args);
      scene.demand(`${name}, ${what}`, code === 2 && /belongs to another user/.test(said), said);
      scene.judge(`${name}, ${what}`);
    }
  }
  scene.demand(
    'a link to a data directory',
    readdirSync(elsewhere).length === 0,
    'it was followed and written',
  );
}

/** As root unpacks an archive: the folder is root's, and what lies in it another user's. */
async function unpackedData(scene: Scene): Promise<void> {
  for (const name of ['postgres', 'LOCATION', 'logs', 'modules.json']) {
    const cwd = scene.own(`unpacked-${name}`);
    const path = join(cwd, '.simcity', name);
    mkdirSync(dirname(path));
    if (/^[a-z]+$/.test(name)) mkdirSync(path);
    else writeFileSync(path, 'x');
    lchownSync(path, scene.neighbour.uid, scene.neighbour.uid);
    const { code, said } = await scene.victim(cwd, ['migrate']);
    scene.demand(`${name} of the neighbour`, code === 2 && /belongs to another user/.test(said), said);
    scene.judge(`${name} of the neighbour`);
  }
}

/** Root in a project of another user, as in a container: what it makes there is its own, and works. */
async function projectOfAnother(scene: Scene): Promise<void> {
  const cwd = join(scene.shared, 'project-of-another');
  await scene.neighbour.folder(cwd);
  const args = ['run', '--target', 'memory', '--operations', '20', '--log'];
  const run = await scene.victim(cwd, args, { SIMCITY_TOKEN: undefined });
  scene.demand('a run in a project of another user', run.code === 0, `it ends with ${run.code}: ${run.said}`);
  const { code, said } = await scene.victim(cwd, ['runs']);
  scene.demand('runs of a project of another user', code === 0 && /PASS/.test(said), said);
  scene.judge('a project of another user');
}

async function configuration(scene: Scene): Promise<void> {
  const { neighbour, shared } = scene;
  const code = join(shared, 'with-code');
  await neighbour.folder(code);
  await neighbour.file(join(code, 'simcity.config.ts'), `${scene.evil}\nexport default {};\n`);
  const json = join(shared, 'with-json');
  await neighbour.folder(json);
  const server = `http://127.0.0.1:${await neighbour.listen(0)}`;
  await neighbour.file(join(json, 'simcity.config.json'), JSON.stringify({ server }));
  const link = join(shared, 'with-link');
  await neighbour.folder(link);
  const own = join(scene.home, 'own-config.json');
  writeFileSync(own, JSON.stringify({ server }));
  await neighbour.link(join(link, 'simcity.config.json'), own);
  for (const cwd of [code, json, link]) {
    for (const args of [...READING, ...WRITING]) {
      const { what, said } = await scene.victim(cwd, args);
      const isRefused = args[0] === '__complete' || /belongs to another user/.test(said);
      scene.demand(`a configuration of the neighbour, ${what}`, isRefused, said);
      scene.judge(`a configuration of the neighbour, ${what}`);
    }
  }
}

/** All of it is the victim's own, as after `git clone`; what it names is the neighbour's, or the victim's own. */
async function clonedFolder(scene: Scene): Promise<void> {
  const { neighbour } = scene;
  const url = `http://localhost:${await neighbour.listen(0)}`;
  const databaseUrl = `postgres://simcity:x@127.0.0.1:${await neighbour.listenAsDatabase()}/postgres`;
  const notes: [string, object][] = [
    ['of the first process', { pid: 1, command: 'x' }],
    ['of the victim, without a start', { pid: process.pid, command: 'simcity up' }],
    ['of a stranger', { pid: neighbour.pid, start: neighbour.start(), command: 'simcity up' }],
  ];
  for (const [name, note] of notes) {
    const cwd = scene.own(`cloned, ${name}`);
    mkdirSync(join(cwd, '.simcity'));
    const text = JSON.stringify({ url, databaseUrl, token: null, ...note });
    writeFileSync(join(cwd, '.simcity/server.json'), text);
    for (const args of READING) {
      const { what } = await scene.victim(cwd, args);
      // Who is no other user is a process of this user's here, and would be believed.
      const isBelieved = !CAN_BE_ANOTHER && 'start' in note;
      scene.judge(
        `a cloned note ${name}, ${what}`,
        ({ authorization }) => isBelieved && authorization === null,
      );
    }
  }
  const cwd = scene.own('cloned-configuration');
  writeFileSync(join(cwd, 'simcity.config.json'), JSON.stringify({ server: url }));
  for (const args of READING) {
    const { what, said } = await scene.victim(cwd, args);
    if (args[0] === 'runs') {
      scene.demand(what, /only sent where --server or SIMCITY_URL names/.test(said), said);
    }
    scene.judge(`a cloned configuration, ${what}`, ({ authorization }) => authorization === null);
  }
  const campaigns = join(scene.own('cloned-campaign'), '.simcity/campaigns');
  mkdirSync(campaigns, { recursive: true });
  writeFileSync(join(campaigns, 'evil.mjs'), scene.evil);
  const state = JSON.stringify(campaign(join(campaigns, 'evil.mjs')));
  writeFileSync(join(campaigns, 'evil.json'), state, { mode: 0o600 });
  const { what, code, said } = await scene.victim(dirname(dirname(campaigns)), [
    'campaign',
    '--resume',
    'evil',
  ]);
  scene.demand(what, code === 2 && /is a copy/.test(said), said);
  scene.judge('a cloned campaign');
}

row(
  {
    row: 37,
    fault:
      'a hostile neighbour: TMPDIR, port 4600 and the working directory prepared by another user, or cloned',
    target: 'nothing read, executed, followed or sent',
    timeoutMs: 900_000,
  },
  async (row) => {
    const scene = await Scene.set(row);
    await compileCache(scene);
    await usualPort(scene);
    await clonedFolder(scene);
    if (CAN_BE_ANOTHER) {
      await dataDirectory(scene);
      await unpackedData(scene);
      await configuration(scene);
      await projectOfAnother(scene);
    }
    expect(scene.broken).toEqual([]);
    const everywhere = 'compile caches, port 4600, clones with notes, configurations, campaigns';
    const byOwner = 'data directories, archives and configurations of another user';
    row.say(
      CAN_BE_ANOTHER
        ? `${scene.attacks} commands of root with a token, beside uid ${scene.neighbour.uid}: ${everywhere}; ${byOwner}`
        : `${scene.attacks} commands with a token, beside what was prepared without a second user (not root): ${everywhere}; left out: ${byOwner}`,
    );
    row.reach(
      'no foreign code executed, no link followed, no request to another user, no token to whom nobody named',
    );
  },
);
