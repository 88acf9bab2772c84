/** Which services a runner may test, and with whose user and password. */
import { afterEach, describe, expect, it } from 'vitest';
import { resolveService } from '../../runner/targets/http/address.ts';
import { AllowedServices, allowOnly } from '../../runner/targets/http/allowed.ts';
import { withCredentials } from '../../runner/targets/http/credentials.ts';

const finds =
  (...addresses: string[]) =>
  async () =>
    addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));

afterEach(() => allowOnly(null));

describe('a name of a service', () => {
  it.each([
    ['169.254.169.254'],
    ['10.0.0.1', '169.254.170.2'],
    ['fe80::1'],
    ['::ffff:169.254.169.254'],
    ['fd00:ec2::254'],
    ['fd20:ce::254'],
    ['168.63.129.16'],
    ['100.100.100.200'],
    ['224.0.0.251'],
  ])('that leads to %s is refused', async (...addresses) => {
    await expect(resolveService('http://innocent.example', finds(...addresses))).rejects.toThrow(
      'is refused',
    );
  });

  it('is resolved once: what it leads to later does not matter', async () => {
    let asked = 0;
    const rebinding = async () => {
      asked += 1;
      return [{ address: asked === 1 ? '192.0.2.7' : '169.254.169.254', family: 4 }];
    };
    const { addresses } = await resolveService('http://rebinding.example', rebinding);
    expect([addresses, asked]).toEqual([[{ address: '192.0.2.7', family: 4 }], 1]);
  });
});

describe('an operator’s list of services', () => {
  it.each([
    ['http://booking.example', ['192.0.2.1'], true],
    ['http://a.staging.example:8080', ['192.0.2.1'], true],
    ['http://staging.example', ['192.0.2.1'], false],
    ['http://evil-staging.example', ['192.0.2.1'], false],
    ['http://10.1.2.3', [], true],
    ['http://11.1.2.3', [], false],
    ['http://[fd12::1]', [], true],
    ['http://named.example', ['10.0.0.1', '10.0.0.2'], true],
    ['http://named.example', ['10.0.0.1', '192.0.2.1'], false],
    ['http://127.0.0.1', [], false],
  ])('lets %s at %j be tested: %s', async (url, addresses, allowed) => {
    allowOnly(new AllowedServices(['booking.example', '*.staging.example', '10.0.0.0/8', 'fd12::/16']));
    const resolved = resolveService(url, finds(...addresses));
    if (allowed) await expect(resolved).resolves.toMatchObject({ url: new URL(url) });
    else await expect(resolved).rejects.toThrow('SIMCITY_TARGETS');
  });

  it('never opens what is always refused', async () => {
    allowOnly(new AllowedServices(['169.254.0.0/16', 'metadata.example']));
    await expect(resolveService('http://169.254.169.254')).rejects.toThrow('metadata');
    await expect(resolveService('http://metadata.example', finds('169.254.169.254'))).rejects.toThrow(
      'metadata',
    );
  });

  it.each(['10.0.0.0/33', 'a b', 'http://x', '*', '10.0.0.0/8/8'])('may not hold %j', (entry) => {
    expect(() => new AllowedServices([entry])).toThrow(JSON.stringify(entry));
  });
});

describe('the user and password of a service', () => {
  const credentials = ['https://me:p%40ss@booking.example', 'http://other:x@127.0.0.1:8080'];

  it('are sent to a target of the same origin alone', () => {
    expect(withCredentials('https://booking.example/v1', credentials)).toBe(
      'https://me:p%40ss@booking.example/v1',
    );
    for (const target of [
      'http://booking.example/',
      'https://booking.example:444/',
      'https://evil.example/',
      'memory',
    ]) {
      expect(withCredentials(target, credentials)).toBe(target);
    }
  });
});
