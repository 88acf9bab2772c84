/** Passwords and tokens in the command that starts a service: they are neither shown nor stored, and are named. */
import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { harnessSecrets } from '../../runner/secrets.ts';
import { commandWords } from '../../runner/targets/http/command-words.ts';
import { ServiceProcess } from '../../runner/targets/http/service-process.ts';
import {
  createRedactor,
  maskCommand,
  reproduceCommand,
  runConfigSchema,
  SERVICE_LIMITS,
  secretsOfCommand,
} from '../../server/contract/index.ts';

const CANARY = 'canary-7f3c';

describe('is masked', () => {
  test.each([
    [`TOKEN=${CANARY} node x.js`, 'TOKEN=*** node x.js', ['TOKEN']],
    [
      `env API_KEY=${CANARY} DB_PASS='${CANARY} two' node x`,
      'env API_KEY=*** DB_PASS=*** node x',
      ['API_KEY', 'DB_PASS'],
    ],
    [`node x --password=${CANARY}`, 'node x --password=***', ['--password']],
    [`node x --password ${CANARY} --port 1`, 'node x --password *** --port 1', ['--password']],
    [`node x '--password=${CANARY} two words'`, "node x '--password=***'", ['--password']],
    [
      `node x --db postgres://u:${CANARY}@db:5432/x`,
      'node x --db postgres://***@db:5432/x',
      ['the password in postgres://***@db:5432'],
    ],
    [
      `node x postgres://u:${CANARY}@${CANARY}@db/x`,
      'node x postgres://***@db/x',
      ['the password in postgres://***@db'],
    ],
    [`sh -c 'TOKEN=${CANARY} exec node x'`, "sh -c 'TOKEN=*** exec node x'", ['TOKEN']],
    [`curl -H 'Authorization: Bearer ${CANARY}' h`, "curl -H 'Authorization: ***' h", ['Authorization']],
    [`node x http://h/?access_token=${CANARY}&a=1`, 'node x http://h/?access_token=***', ['access_token']],
    [`PGPASSWORD="${CANARY}" node x`, 'PGPASSWORD=*** node x', ['PGPASSWORD']],
  ])('%s', (command, text, masked) => {
    expect(maskCommand(command)).toEqual({ text, masked });
    expect(maskCommand(text).text).toBe(text);
    expect(secretsOfCommand(command).join()).toContain(CANARY);
  });

  test.each([
    'node my-service.js --port 8080',
    'node x --token-file ./token --password-ttl 60 --no-password',
    'TOKEN=$TOKEN node x --auth-token false',
    'node compass.js --bypass=1 --passenger 7',
    'node x http://127.0.0.1:3000/a@b',
  ])('nothing of %s', (command) => {
    expect(maskCommand(command)).toEqual({ text: command, masked: [] });
    expect(secretsOfCommand(command)).toEqual([]);
  });
});

describe('the command that reproduces', () => {
  const run = {
    scenario: 'bookings',
    target: 'http://127.0.0.1:3000',
    seed: 7,
    config: runConfigSchema.parse({ ...SERVICE_LIMITS }),
  };
  const begun = 'npx simcity run --target http://127.0.0.1:3000 --seed 7';

  test('contains nothing that was not given', () => {
    expect(reproduceCommand(run)).toBe(begun);
    expect(reproduceCommand(run, { exec: null, adapter: null })).toBe(begun);
    expect(reproduceCommand(run, { exec: 'node x.js' })).toBe(`${begun} --exec 'node x.js'`);
  });

  test('says what to set, behind it, where the shell reads it as a comment', () => {
    expect(reproduceCommand(run, { exec: `TOKEN=${CANARY} node x.js`, adapter: './a.ts' })).toBe(
      `${begun} --adapter ./a.ts --exec 'TOKEN='"$TOKEN"' node x.js'  # TOKEN is masked: set it`,
    );
    expect(
      reproduceCommand(run, { exec: `A_TOKEN=${CANARY} node x --password=${CANARY}`, hasCredentials: true }),
    ).toBe(
      `${begun} --exec 'A_TOKEN='"$A_TOKEN"' node x --password='"$PASSWORD"` +
        '  # A_TOKEN, PASSWORD (--password) are masked: set them; user and password are left out: set SIMCITY_TARGET_CREDENTIALS',
    );
  });

  test.each([
    [
      "node x.js --db postgres://u:one@h/x --queue amqp://v:one@q --token 'a b' -p {port}",
      { USER_AND_PASSWORD: 'u:one', USER_AND_PASSWORD_2: 'v:one', TOKEN: 'a b' },
    ],
    ['sh -c \'PASSWORD="p q" exec node "x y.js"\'', { PASSWORD: 'p q' }],
    ['env PASSWORD=one node x --password two --password=one', { PASSWORD: 'one', PASSWORD_2: 'two' }],
  ])('is typed as it is once the variables are set: %s', (exec, environment) => {
    const told = reproduceCommand(run, { exec });
    for (const secret of Object.values(environment)) expect(told).not.toContain(secret);
    // What a shell makes of it, a word a line.
    const script = told.replace('npx simcity', 'printf "%s\\0"');
    const words = spawnSync('sh', ['-c', script], { env: environment, encoding: 'utf8' }).stdout.split('\0');
    expect(commandWords(words[words.indexOf('--exec') + 1] ?? '')).toEqual(commandWords(exec));
    expect(createRedactor([]).text(told)).toBe(told);
  });

  test('leaves user and password of a URL out, and masks a token in it', () => {
    const told = reproduceCommand({ ...run, target: `http://u:${CANARY}@h:1/x?token=${CANARY}` });
    expect(told).not.toContain(CANARY);
    expect(told).toContain("--target 'http://h:1/x?token=***'");
    expect(told).toMatch(/ {2}# user and password are left out: set SIMCITY_TARGET_CREDENTIALS$/);
  });
});

describe('a bundle', () => {
  const exec = `TOKEN=${CANARY} ${process.execPath} x.js`;

  test('tells how the service was started without what is secret', () => {
    const service = new ServiceProcess(exec, new URL('http://127.0.0.1:1'), 1, async () => false);
    expect(service.report().command).toBe(`TOKEN=*** ${process.execPath} x.js`);
  });

  test('has it nowhere else either: what the service prints is searched for it', () => {
    const order = { token: 't'.repeat(20), target: 'http://h', targetUrl: null, supabase: null, exec };
    const redactor = createRedactor(harnessSecrets(order, {}));
    expect(redactor.text(`it said ${CANARY}`)).toBe('it said ***');
  });

  test('keeps words that are a password by chance', () => {
    expect(secretsOfCommand('node x --db postgres://postgres:postgres@h/x')).toEqual([]);
  });
});
