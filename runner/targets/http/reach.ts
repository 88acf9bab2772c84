/** Whether anybody is at the address of a service, and the words for it when nobody is. */
import { splitCredentials } from '../../../server/contract/index.ts';
import type { ServiceAddress } from './address.ts';
import { Wire } from './wire.ts';

/** A connection is waited for so long, in ms. */
export const REACH_LIMIT_MS = 5_000;
const LOOK_LIMIT_MS = 1_000;

/** @throws Error that says what to do when nobody accepts a connection at one of them. */
export async function assertReachable(addresses: readonly ServiceAddress[]): Promise<void> {
  for (const address of addresses) {
    const probe = new Wire(address, 1);
    try {
      if (!(await probe.pin(REACH_LIMIT_MS))) throw unreachable(address);
    } finally {
      probe.close();
    }
  }
}

/** Whatever the answer is: somebody is there. */
export async function answersAt(address: ServiceAddress): Promise<boolean> {
  const probe = new Wire(address, 1);
  try {
    if (!(await probe.pin(LOOK_LIMIT_MS))) return false;
    const request = { method: 'GET', path: '/slots', headers: {}, body: null };
    return (await probe.exchange(request, { deadlineMs: LOOK_LIMIT_MS })).kind === 'answer';
  } finally {
    probe.close();
  }
}

export function unreachable(address: ServiceAddress): Error {
  return new Error(
    `Nobody accepts a connection at ${bareUrl(address)}. Start the service, or let it be started with --exec 'COMMAND'.`,
  );
}

/** As runs are stored: without user and password. */
export function bareUrl({ url }: ServiceAddress): string {
  return splitCredentials(url.href).target.replace(/\/$/, '');
}
