/** IPv4 addresses that stand inside IPv6 addresses: whoever routes one may send it on to the other. */

type Bytes = readonly number[];

/**
 * Every IPv4 address, in dotted form, that an IPv6 address may stand for: mapped, compatible and translated
 * (RFC 4291 2.5.5, RFC 2765 2.1), 6to4 (RFC 3056), Teredo's server and client (RFC 4380 4), ISATAP (RFC 5214 6.1),
 * NAT64 by the well-known prefix (RFC 6052 2.1) and by those of local use (RFC 8215), whose lengths are the network's.
 */
export function embeddedIpv4(address: string): string[] {
  const bytes = bytesOf(address);
  if (bytes === null) return [];
  const found = FORMS.filter(({ prefix }) => startsWith(bytes, prefix)).flatMap(({ at }) => at(bytes));
  if (isIsatap(bytes)) found.push(bytes.slice(12));
  return [...new Set(found.map((four) => four.join('.')))];
}

interface Form {
  prefix: Bytes;
  at(bytes: Bytes): Bytes[];
}

const last = (bytes: Bytes) => [bytes.slice(12)];

const FORMS: Form[] = [
  { prefix: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], at: last },
  { prefix: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff], at: last },
  { prefix: [0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0], at: last },
  { prefix: [0x20, 0x02], at: (bytes) => [bytes.slice(2, 6)] },
  {
    prefix: [0x20, 0x01, 0, 0],
    at: (bytes) => [bytes.slice(4, 8), bytes.slice(12).map((byte) => byte ^ 0xff)],
  },
  { prefix: [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0], at: last },
  // Octet 8 is always left out (RFC 6052 2.2); the prefix is of 48, 56, 64 or 96 bits.
  {
    prefix: [0, 0x64, 0xff, 0x9b, 0, 1],
    at: (bytes) => [
      [...bytes.slice(6, 8), ...bytes.slice(9, 11)],
      [...bytes.slice(7, 8), ...bytes.slice(9, 12)],
      bytes.slice(9, 13),
      bytes.slice(12),
    ],
  },
];

function isIsatap(bytes: Bytes): boolean {
  return (bytes[8] === 0 || bytes[8] === 2) && startsWith(bytes.slice(9), [0, 0x5e, 0xfe]);
}

const startsWith = (bytes: Bytes, prefix: Bytes) => prefix.every((byte, i) => bytes[i] === byte);

/** The sixteen bytes; null for what is no IPv6 address. A zone (`%eth0`) is no part of it. */
function bytesOf(address: string): Bytes | null {
  // The parser of URLs knows every spelling, and writes one.
  const url = URL.parse(`http://[${address.replace(/%.*$/, '')}]/`);
  if (url === null) return null;
  const [head = '', tail] = url.hostname.slice(1, -1).split('::');
  const groups = (text: string) => (text === '' ? [] : text.split(':'));
  const left = groups(head);
  const right = groups(tail ?? '');
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => '0');
  return [...left, ...zeros, ...right].flatMap((group) => {
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
}
