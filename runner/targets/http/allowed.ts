/** Which services may be tested, where the operator of a runner says so: names, addresses and ranges. */
import { BlockList, isIP } from 'node:net';

export class AllowedServices {
  readonly #names = new Set<string>();
  readonly #suffixes: string[] = [];
  readonly #addresses = new BlockList();

  /**
   * `entries`: `booking.example`, `*.staging.example`, `10.1.2.3`, `10.0.0.0/8`, `fd00::/8`.
   * @throws Error that quotes an entry which is none of these.
   */
  constructor(entries: readonly string[]) {
    for (const entry of entries) this.#add(entry.toLowerCase());
  }

  /** True when the name itself is allowed, or every address that it stands for. */
  allows(host: string, addresses: readonly { address: string; family: 4 | 6 }[]): boolean {
    const name = host
      .toLowerCase()
      .replace(/^\[|\]$/g, '')
      .replace(/\.$/, '');
    if (this.#names.has(name) || this.#suffixes.some((suffix) => name.endsWith(suffix))) return true;
    return (
      addresses.length > 0 &&
      addresses.every(({ address, family }) => this.#addresses.check(address, family === 4 ? 'ipv4' : 'ipv6'))
    );
  }

  #add(entry: string): void {
    const [address = '', bits, more] = entry.split('/');
    const family = isIP(address);
    const kind = family === 4 ? 'ipv4' : 'ipv6';
    const most = family === 4 ? 32 : 128;
    if (family !== 0 && bits === undefined) this.#addresses.addAddress(address, kind);
    else if (family !== 0 && more === undefined && /^\d{1,3}$/.test(bits ?? '') && Number(bits) <= most)
      this.#addresses.addSubnet(address, Number(bits), kind);
    else if (/^(\*\.)?[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(entry)) {
      if (entry.startsWith('*.')) this.#suffixes.push(entry.slice(1));
      else this.#names.add(entry);
    } else {
      throw new Error(
        `${JSON.stringify(entry)} is no host name, address or range: such as booking.example, *.staging.example, 10.0.0.0/8.`,
      );
    }
  }
}

let allowed: AllowedServices | null = null;

/** Restricts the services that this process may test; null: those that no rule refuses. Called by mains alone. */
export function allowOnly(services: AllowedServices | null): void {
  allowed = services;
}

/** True when the operator's restriction, if there is one, lets the service be tested. */
export function isAllowed(host: string, addresses: readonly { address: string; family: 4 | 6 }[]): boolean {
  return allowed === null || allowed.allows(host, addresses);
}
