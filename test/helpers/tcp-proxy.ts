/** A TCP proxy under the test's control: it cuts connections, lets them fall silent, and looks at what passes. */
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

export interface Link {
  readonly client: Socket;
  readonly upstream: Socket;
  /** Nothing passes any more, in neither direction, and nobody is told: a half-open connection. */
  silent: boolean;
  /** Both sides see the connection break. */
  cut(): void;
}

export type Fate = 'pass' | 'drop';

/** Called with each piece before it is passed on; `drop` keeps it back. Until a promise resolves, the link waits. */
export type Look = (piece: Buffer, link: Link) => Fate | Promise<Fate>;

export class TcpProxy {
  readonly links = new Set<Link>();
  /** What the client sends. */
  onRequest: Look = () => 'pass';
  /** What the upstream answers. */
  onAnswer: Look = () => 'pass';
  /** New connections are refused. */
  refusing = false;
  readonly #server: Server;
  #port: number;

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.#port = port;
  }

  get port(): number {
    return (this.#server.address() as { port: number }).port;
  }

  /** In front of `port` of the loopback address, listening on `host`. */
  static async start(port: number, host = '127.0.0.1'): Promise<TcpProxy> {
    const server = createServer();
    const proxy = new TcpProxy(server, port);
    server.on('connection', (client) => proxy.#join(client));
    await new Promise<void>((resolve) => server.listen(0, host, resolve));
    return proxy;
  }

  /** `url` with this proxy's port in place of its own. */
  inFrontOf(url: string): string {
    const { address } = this.#server.address() as AddressInfo;
    const through = new URL(url);
    through.hostname = address;
    through.port = String(this.port);
    return through.href.replace(/\/$/, '');
  }

  /** Connections that are made from now on go to `port`; those there are break. */
  switchTo(port: number): void {
    this.#port = port;
    this.cutAll();
  }

  cutAll(): void {
    for (const link of [...this.links]) link.cut();
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.cutAll();
    await closed;
  }

  #join(client: Socket): void {
    if (this.refusing) {
      client.resetAndDestroy();
      return;
    }
    const upstream = connect(this.#port, '127.0.0.1');
    const link: Link = {
      client,
      upstream,
      silent: false,
      cut: () => {
        client.destroy();
        upstream.destroy();
        this.links.delete(link);
      },
    };
    this.links.add(link);
    const forward = (from: Socket, to: Socket, look: () => Look) => {
      const settle = (piece: Buffer, fate: Fate) => {
        if (fate === 'pass' && !link.silent && to.writable) to.write(piece);
      };
      from.on('data', (piece) => {
        if (link.silent) return;
        const fate = look()(piece, link);
        if (typeof fate === 'string') {
          settle(piece, fate);
          return;
        }
        from.pause();
        fate.then(
          (decided) => {
            settle(piece, decided);
            from.resume();
          },
          () => link.cut(),
        );
      });
      from.on('error', () => link.cut());
      from.on('close', () => {
        if (!link.silent) link.cut();
      });
    };
    forward(client, upstream, () => this.onRequest);
    forward(upstream, client, () => this.onAnswer);
  }
}
