/** Something happens to a client of PostgreSQL right after its Nth message, counted from one that is looked for. */
import { type Link, TcpProxy } from '../../helpers/tcp-proxy.ts';
import type { Row } from './row.ts';

export class Strike {
  readonly #link: TcpProxy;
  #count = 0;
  #at = Number.POSITIVE_INFINITY;
  #links = new WeakSet<Link>();
  #hit = Promise.withResolvers<void>();
  #act: () => void | Promise<void> = () => undefined;

  private constructor(link: TcpProxy, from: RegExp) {
    this.#link = link;
    link.onRequest = async (piece, one) => {
      if (from.test(piece.toString('latin1'))) this.#links.add(one);
      if (!this.#links.has(one)) return 'pass';
      this.#count += 1;
      if (this.#count !== this.#at) return 'pass';
      // It has arrived before what happens does, as far as anybody can tell.
      one.upstream.write(piece);
      await this.#act();
      this.#hit.resolve();
      return 'drop';
    };
  }

  /** In front of the database at `port`; counts on connections on which `from` was seen. */
  static async start(row: Row, port: number, from: RegExp): Promise<Strike> {
    const link = await TcpProxy.start(port);
    row.defer(() => link.close());
    return new Strike(link, from);
  }

  inFrontOf(url: string): string {
    return this.#link.inFrontOf(url);
  }

  /** Counts anew; at the Nth message `act` is done. */
  arm(n: number, act: () => void | Promise<void>): void {
    this.#count = 0;
    this.#links = new WeakSet();
    this.#at = n;
    this.#act = act;
    this.#hit = Promise.withResolvers();
  }

  /** Resolves once it happened. */
  get hit(): Promise<void> {
    return this.#hit.promise;
  }
}
