/** Several instances of the service under test, as a load balancer has behind it: started, and killed one at a time. */

import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import type { ServiceAddress } from './address.ts';
import {
  ServiceProcess,
  type ServiceReport,
  type StartedService,
  type Surroundings,
} from './service-process.ts';

export class ServiceGroup implements StartedService {
  /** Of the instances, in order: the first is at the URL of the target, the others on free ports beside it. */
  readonly addresses: readonly ServiceAddress[];
  readonly #instances: readonly ServiceProcess[];
  readonly #command: string;

  /** `answersAt` tells whether the service can be reached there. @throws Error when the command has no words. */
  static async of(
    command: string,
    address: ServiceAddress,
    instances: number,
    answersAt: (address: ServiceAddress) => Promise<boolean>,
    surroundings?: Surroundings,
  ): Promise<ServiceGroup> {
    const hosts = address.addresses.map((each) => each.address);
    const ports = await freePorts(instances - 1, hosts[0] ?? '127.0.0.1');
    const addresses = [address, ...ports.map((port) => atPort(address, port))];
    return new ServiceGroup(command, addresses, answersAt, surroundings);
  }

  constructor(
    command: string,
    addresses: readonly ServiceAddress[],
    answersAt: (address: ServiceAddress) => Promise<boolean>,
    surroundings?: Surroundings,
  ) {
    this.#command = command;
    this.addresses = addresses;
    this.#instances = addresses.map(
      (address) =>
        new ServiceProcess(command, address.url, address.port, () => answersAt(address), surroundings),
    );
  }

  get running(): boolean {
    return this.#instances.every(({ running }) => running);
  }

  get ends(): number {
    return sum(this.#instances.map(({ ends }) => ends));
  }

  get gone(): Promise<void> {
    return Promise.all(this.#instances.map(({ gone }) => gone)).then(() => undefined);
  }

  /** One after the other: instances that make their tables at once get into each other's way, which is no fault here. */
  async start(): Promise<void> {
    for (const instance of this.#instances) await instance.start();
  }

  /** `n` may be any whole number: it is counted round. */
  async kill(n = 0): Promise<void> {
    await this.#instances[Math.abs(n) % this.#instances.length]?.kill();
  }

  async close(): Promise<void> {
    await Promise.all(this.#instances.map((instance) => instance.close()));
  }

  roots(): readonly number[] {
    return this.#instances.flatMap((instance) => instance.roots());
  }

  report(): ServiceReport {
    const reports = this.#instances.map((instance) => instance.report());
    const [only] = reports;
    if (only && reports.length === 1) return only;
    const lines = (stream: 'stdout' | 'stderr') =>
      reports.flatMap((report, i) => report[stream].map((line) => `${i + 1}: ${line}`));
    return {
      command: this.#command,
      instances: reports.length,
      starts: sum(reports.map(({ starts }) => starts)),
      kills: sum(reports.map(({ kills }) => kills)),
      ends: sum(reports.map(({ ends }) => ends)),
      stdout: lines('stdout'),
      stderr: lines('stderr'),
    };
  }
}

function atPort(address: ServiceAddress, port: number): ServiceAddress {
  const url = new URL(address.url);
  url.port = String(port);
  return { ...address, url, port };
}

/** The same service at a port that nobody listens on now. */
export async function besideAddress(address: ServiceAddress): Promise<ServiceAddress> {
  const [port] = await freePorts(1, address.addresses[0]?.address ?? '127.0.0.1');
  return atPort(address, port as number);
}

/** Ports that nobody listens on now; all held at once, so that no two are the same. */
async function freePorts(count: number, host: string): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, host, resolve));
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
