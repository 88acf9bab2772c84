import { describe, expect, it } from 'vitest';
import { hostName, mayBeCalled } from '../../server/guard.ts';

const may = (header: string, host = '127.0.0.1', allowedHosts: string[] = []) => {
  const name = hostName(header);
  return name !== null && mayBeCalled(name, { host, allowedHosts });
};

describe('the Host header', () => {
  it.each(['localhost', 'LOCALHOST:4600', '127.0.0.1:80', '127.9.9.9', '[::1]:4600', 'localhost.'])(
    'may be %s',
    (header) => {
      expect(may(header)).toBe(true);
    },
  );

  it.each([
    'evil.example',
    '127.0.0.1.evil.example',
    '10.0.0.1',
    'localhost@evil.example',
    '',
    ' ',
    'a b',
    '[::2]',
  ])('may not be %j on loopback', (header) => {
    expect(may(header)).toBe(false);
  });

  it('may be the configured and the allowed names, and any address when listening on all', () => {
    expect(may('ops.example:1', 'ops.example')).toBe(true);
    expect(may('ops.example', '0.0.0.0', ['ops.example'])).toBe(true);
    expect(may('10.1.2.3:4600', '0.0.0.0')).toBe(true);
    expect(may('[fe80::1]', '::')).toBe(true);
    expect(may('evil.example', '0.0.0.0')).toBe(false);
  });
});
