/** How a service is told where its database is. */
import { describe, expect, it } from 'vitest';
import { environmentFor, surroundingsOf, urlOf } from '../../runner/targets/pgwire/ground/environment.ts';

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
