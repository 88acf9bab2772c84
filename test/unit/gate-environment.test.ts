/** How a service is told where its database is. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { GATE_SECRETS, harnessSecrets } from '../../runner/secrets.ts';
import { environmentFor, surroundingsOf, urlOf } from '../../runner/targets/pgwire/ground/environment.ts';
import { GATE_PASSWORD, ROLE_PASSWORD } from '../../runner/targets/pgwire/ground/passwords.ts';
import { createRedactor } from '../../server/contract/index.ts';

const GATE = { host: '127.0.0.1', port: 5499, user: 'simcity', password: 'secret', database: 'shop' };

describe('the environment of a gated service', () => {
  it('names the gate to all drivers, and takes out what would lead elsewhere', () => {
    const environment = environmentFor(GATE, { PGHOSTADDR: '10.0.0.1' });
    expect(environment).toMatchObject({
      DATABASE_URL: 'postgres://simcity:secret@127.0.0.1:5499/shop',
      PGHOST: '127.0.0.1',
      PGPORT: '5499',
      PGUSER: 'simcity',
      PGPASSWORD: 'secret',
      PGDATABASE: 'shop',
      PGSSLMODE: 'disable',
    });
    expect(Object.keys(environment)).toContain('PGHOSTADDR');
    expect(environment['PGHOSTADDR']).toBeUndefined();
  });

  it('leaves TLS as the person has set it', () => {
    expect(environmentFor(GATE, { PGSSLMODE: 'require' })['PGSSLMODE']).toBe('require');
  });

  it.each([
    [{ ...GATE, host: '::1' }, 'postgres://simcity:secret@[::1]:5499/shop'],
    [{ ...GATE, host: '/run/pg' }, 'postgres://simcity:secret@/shop?host=/run/pg&port=5499'],
    [{ ...GATE, database: 'my shop', user: 'a@b' }, 'postgres://a%40b:secret@127.0.0.1:5499/my%20shop'],
  ])('writes URLs for sockets, IPv6 and odd names', (address, url) => {
    expect(urlOf(address)).toBe(url);
  });

  it('fills the command in by name', () => {
    expect(surroundingsOf(GATE, '/tmp/gate').placeholders).toEqual({
      'gate.url': 'postgres://simcity:secret@127.0.0.1:5499/shop',
      'gate.host': '127.0.0.1',
      'gate.port': '5499',
      'gate.database': 'shop',
      'gate.user': 'simcity',
      'gate.password': 'secret',
      'gate.socket': '/tmp/gate',
    });
    expect(surroundingsOf(GATE, null).placeholders).not.toHaveProperty('gate.socket');
  });
});

describe('the passwords of the gate', () => {
  it('are taken out of all that a harness and a worker write', () => {
    const order = { token: 'token', target: 'http://127.0.0.1:1', targetUrl: null, supabase: null };
    for (const secrets of [harnessSecrets(order, {}), GATE_SECRETS]) {
      const redactor = createRedactor(secrets);
      for (const password of [GATE_PASSWORD, ROLE_PASSWORD]) {
        expect(redactor.text(`printed ${urlOf({ ...GATE, password })} and ${password}`)).not.toContain(
          password,
        );
      }
    }
  });

  it('are those of the whole process, also in its threads', async () => {
    const file = new URL('../../runner/targets/pgwire/ground/passwords.ts', import.meta.url).href;
    const worker = new Worker(
      `import(${JSON.stringify(file)}).then((own) => require('node:worker_threads').parentPort.postMessage({ ...own }))`,
      { eval: true },
    );
    const [own] = await once(worker, 'message');
    await worker.terminate();
    expect(own).toEqual({ GATE_PASSWORD, ROLE_PASSWORD });
    expect(GATE_PASSWORD).not.toBe(ROLE_PASSWORD);
  });
});
