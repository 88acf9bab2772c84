/** Where a service is: the rules for its URL, and the one address that all requests of a run go to. */
import { lookup } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';
import { maskCredentials } from '../../../server/contract/index.ts';
import { isAllowed } from './allowed.ts';
import { embeddedIpv4 } from './embedded-ipv4.ts';

export interface ServiceAddress {
  readonly url: URL;
  /** IP addresses of the host, resolved once: a name that changes its mind later leads nowhere else. */
  readonly addresses: readonly { readonly address: string; readonly family: 4 | 6 }[];
  readonly port: number;
  /** Path before that of every call, without a slash at its end. */
  readonly basePath: string;
  /** For a URL with a user and a password; null without. */
  readonly authorization: string | null;
}

/**
 * Never a service to be tested: link-local addresses (the metadata services of clouds among them), what
 * stands for them in IPv6, multicast and broadcast. What holds for IPv4 holds for such addresses inside of IPv6 too.
 */
const REFUSED = new BlockList();
REFUSED.addSubnet('169.254.0.0', 16, 'ipv4');
REFUSED.addAddress('100.100.100.200', 'ipv4');
REFUSED.addAddress('192.0.0.192', 'ipv4');
REFUSED.addAddress('168.63.129.16', 'ipv4');
REFUSED.addSubnet('224.0.0.0', 4, 'ipv4');
REFUSED.addAddress('255.255.255.255', 'ipv4');
REFUSED.addSubnet('fe80::', 10, 'ipv6');
REFUSED.addSubnet('ff00::', 8, 'ipv6');
// Amazon's metadata, time and identities of pods; Google's metadata.
REFUSED.addSubnet('fd00:ec2::', 32, 'ipv6');
REFUSED.addAddress('fd20:ce::254', 'ipv6');

function isRefused({ address, family }: { address: string; family: 4 | 6 }): boolean {
  if (family === 4) return REFUSED.check(address, 'ipv4');
  const bare = address.replace(/%.*$/, '');
  return REFUSED.check(bare, 'ipv6') || embeddedIpv4(bare).some((inner) => REFUSED.check(inner, 'ipv4'));
}

/**
 * Parses and resolves a target's URL. Loopback and private addresses are allowed: the usual service under
 * test runs on the operator's own machine or network.
 * @throws Error for another protocol, a name that does not resolve, or an address that is refused.
 */
export async function resolveService(
  target: string,
  find: (host: string) => Promise<{ address: string; family: number }[]> = (host) =>
    lookup(host, { all: true }),
): Promise<ServiceAddress> {
  const url = URL.parse(target);
  if (!url || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new Error(`The target ${quoted(target)} is no service: it takes an http:// or https:// URL.`);
  }
  const addresses = await resolve(url, find);
  const refused = addresses.find(isRefused);
  if (refused !== undefined) {
    throw new Error(
      `The target ${quoted(target)} is refused: ${refused.address} is a link-local, metadata or multicast address. Name the service's own address.`,
    );
  }
  if (!isAllowed(url.hostname, addresses)) {
    throw new Error(
      `The target ${quoted(target)} is refused: the operator of this runner allows other services only (SIMCITY_TARGETS).`,
    );
  }
  const { username, password, port } = url;
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return {
    url,
    addresses,
    port: port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(port),
    basePath: url.pathname.replace(/\/+$/, ''),
    authorization:
      username === '' && password === '' ? null : `Basic ${Buffer.from(credentials).toString('base64')}`,
  };
}

async function resolve(
  url: URL,
  find: (host: string) => Promise<{ address: string; family: number }[]>,
): Promise<ServiceAddress['addresses']> {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const literal = isIP(host);
  if (literal === 4 || literal === 6) return [{ address: host, family: literal }];
  try {
    const found = await find(host);
    return found.map(({ address, family }) => ({ address, family: family === 6 ? 6 : 4 }));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`The host ${quoted(host)} of the target cannot be resolved: ${why}.`);
  }
}

/** Without a password, because messages are stored and shown. */
function quoted(target: string): string {
  return JSON.stringify(maskCredentials(target).slice(0, 200));
}
