/** Which URLs may name a service under test. */
import { describe, expect, it } from 'vitest';
import { resolveService } from '../../runner/targets/http/address.ts';
import { isServiceTarget } from '../../server/contract/index.ts';

describe('the address of a service', () => {
  it('tells URLs from the names of other targets', () => {
    expect(['http://a', 'HTTPS://a', 'ftp://a'].map(isServiceTarget)).toEqual([true, true, false]);
    expect(['memory', 'postgres', './http.ts'].map(isServiceTarget)).toEqual([false, false, false]);
  });

  it.each(['ftp://127.0.0.1', 'file:///etc/passwd', 'http://'])('refuses %s', async (url) => {
    await expect(resolveService(url)).rejects.toThrow('it takes an http:// or https:// URL');
  });

  it.each([
    'http://169.254.169.254',
    'http://0xa9.0xfe.0xa9.0xfe/latest',
    'http://2852039166',
    'http://[fe80::1]:8080',
    'http://[::ffff:169.254.169.254]',
    'http://[64:ff9b::a9fe:a9fe]',
    'http://[fd00:ec2::254]',
    'http://[fd00:ec2::23]',
    'http://[::ffff:0:a9fe:a9fe]',
    'http://[::a9fe:a9fe]',
    'http://[64:ff9b::6464:64c8]',
    'http://[64:ff9b::a83f:8110]',
    'http://[64:ff9b:1::a9fe:a9fe]',
    'http://[64:ff9b:1:a9fe:a9:fe00::]',
    'http://[64:ff9b:1:a9:fe:a9fe::]',
    'http://[64:ff9b:1:0:a9:fea9:fe00:0]',
    'http://[2002:a83f:8110::]',
    'http://[2001:0:a9fe:a9fe::1]',
    'http://[2001:0:102:304::5601:5601]',
    'http://[fd12::5efe:a9fe:a9fe]',
    'http://100.100.100.200',
    'http://224.0.0.1',
  ])('refuses the link-local or metadata address %s', async (url) => {
    await expect(resolveService(url)).rejects.toThrow('is refused');
  });

  it('takes loopback and private addresses, with a port, a path and credentials', async () => {
    expect(await resolveService('http://user:p%40ss@127.0.0.1:8080/api/')).toMatchObject({
      addresses: [{ address: '127.0.0.1', family: 4 }],
      port: 8080,
      basePath: '/api',
      authorization: `Basic ${Buffer.from('user:p@ss').toString('base64')}`,
    });
    expect(await resolveService('https://[fd12::1]')).toMatchObject({ port: 443, authorization: null });
    for (const inner of ['::ffff:7f00:1', '64:ff9b::c0a8:7', '2002:c0a8:7::', '::1'])
      expect(await resolveService(`http://[${inner}]`)).toMatchObject({ port: 80 });
    expect(await resolveService('http://192.168.0.7')).toMatchObject({ port: 80, basePath: '' });
  });

  it('shows no password in a refusal', async () => {
    await expect(resolveService('http://me:secret@169.254.1.1')).rejects.not.toThrow('secret');
  });
});
