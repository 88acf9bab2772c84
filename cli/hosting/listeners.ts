/** Who listens on a port of this machine, as the kernel tells. Linux only. */
import { readFileSync } from 'node:fs';
import { endianness } from 'node:os';

/** A socket that listens: its address as bytes in hexadecimal, in the order of the network, its port and its user. */
export interface Listener {
  address: string;
  port: number;
  uid: number;
}

const LISTENING = '0A';

/** Those in a table of the kernel's (`/proc/net/tcp`, `/proc/net/tcp6`), whose words are in the order of the machine. */
export function parseListeners(table: string, order: 'LE' | 'BE'): Listener[] {
  return table
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const [, local = '', , state, , , , uid] = line.trim().split(/\s+/);
      const [address = '', port = ''] = local.split(':');
      if (state !== LISTENING || uid === undefined) return [];
      return [{ address: inNetworkOrder(address, order), port: Number.parseInt(port, 16), uid: Number(uid) }];
    });
}

function inNetworkOrder(address: string, order: 'LE' | 'BE'): string {
  if (order === 'BE') return address;
  return address.replace(/.{8}/g, (word) => (word.match(/../g) ?? []).reverse().join(''));
}

/**
 * The users of those sockets that get a connection to `url`, which is on this machine's loopback address. An
 * address of its own comes before a wildcard.
 */
export function usersListeningAt(url: URL, listeners: readonly Listener[]): number[] {
  const port = Number(url.port) || (url.protocol === 'https:' ? 443 : 80);
  const here = listeners.filter((each) => each.port === port);
  return addressesOf(url.hostname).flatMap((address) => {
    const exact = here.filter((each) => each.address === address || each.address === mapped(address));
    return (exact.length > 0 ? exact : here.filter((each) => takesAll(each, address))).map(({ uid }) => uid);
  });
}

const V6_LOOPBACK = '00000000000000000000000000000001';

function addressesOf(hostname: string): string[] {
  if (hostname === '[::1]') return [V6_LOOPBACK];
  if (hostname === 'localhost') return ['7F000001', V6_LOOPBACK];
  const bytes = hostname.split('.').map((part) => Number(part).toString(16).padStart(2, '0'));
  return [bytes.join('').toUpperCase()];
}

/** An address of IPv4 as that of a socket of IPv6. */
function mapped(address: string): string {
  return `00000000000000000000FFFF${address}`;
}

function takesAll(listener: Listener, address: string): boolean {
  const isWildcard = /^0+$/.test(listener.address);
  return isWildcard && (listener.address.length === address.length || address.length === 8);
}

/** The users that listen at `url`; empty when nobody does, or where it cannot be told. */
export function listenersAt(url: URL): number[] {
  const listeners = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((path) => {
    try {
      return parseListeners(readFileSync(path, 'utf8'), endianness());
    } catch {
      return [];
    }
  });
  return usersListeningAt(url, listeners);
}
