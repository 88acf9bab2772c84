/** The gate on the PostgreSQL wire: clients of a run's service come in here, and get connections to its clone. */
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls from 'node:tls';
import { Again } from './again.ts';
import { type Certificate, makeCertificate } from './certificate.ts';
import { Connection, type Surroundings } from './connection.ts';
import { ScramVerifier } from './protocol/scram.ts';
import { connectUpstream, logIn, UpstreamRefused } from './upstream.ts';
import { type Guest, type House, welcome } from './welcome.ts';
import type { GateListener, GateOptions, WireGate } from './wire.ts';

/** Protocol 3.2 came with this version of the server. */
const SPEAKS_3_2 = 18;
/** Who has not logged in by then is sent away, in ms. */
const LOGIN_LIMIT_MS = 60_000;
/** Who has not logged in by then holds nobody else up, in ms. */
const STARTING_LIMIT_MS = 1_500;

export class Gate implements WireGate, Surroundings {
  readonly host: string;
  readonly user: string;
  readonly password: string;
  readonly certificate: string;
  port = 0;
  socketDir: string | null = null;
  database = '';
  refuses = false;
  listener: GateListener | null = null;
  activity = 0;
  starting = 0;
  passing = 0;
  statementsSeen = 0;
  readonly connections = new Set<Connection>();
  readonly #options: GateOptions;
  readonly #verifier: ScramVerifier;
  readonly #secureContext: tls.SecureContext;
  readonly #servers: net.Server[] = [];
  readonly #sockets = new Set<net.Socket>();
  #ownsSocketDir = false;
  #isOpen = true;
  #isClosing = false;
  #arrivals = 0;
  #opened = 0;
  #wakers: (() => void)[] = [];
  /** What the client that came last asked for: its service's sessions are alike. */
  #asked: { minor: number; parameters: ReadonlyMap<string, string> } = { minor: 0, parameters: new Map() };

  private constructor(options: GateOptions, { key, certificate }: Certificate) {
    this.#options = options;
    this.host = options.host ?? '127.0.0.1';
    this.user = options.user;
    this.password = options.password;
    this.certificate = certificate;
    this.#verifier = new ScramVerifier(options.password);
    this.#secureContext = tls.createSecureContext({ key, cert: certificate });
  }

  /** Opens a gate on a free port, and beside it on a Unix socket; it is open until `isOpen` is set to false. */
  static async listen(options: GateOptions): Promise<Gate> {
    const gate = new Gate(options, makeCertificate());
    try {
      await gate.#listen();
      return gate;
    } catch (error) {
      await gate.close();
      throw error;
    }
  }

  async #listen(): Promise<void> {
    const server = await this.#serve(false, { host: this.host, port: 0 });
    this.port = (server.address() as net.AddressInfo).port;
    const { socketDir = undefined } = this.#options;
    if (socketDir === null || process.platform === 'win32') return;
    this.#ownsSocketDir = socketDir === undefined;
    this.socketDir = socketDir ?? (await mkdtemp(join(tmpdir(), 'simcity-gate-')));
    await mkdir(this.socketDir, { recursive: true, mode: 0o700 });
    await chmod(this.socketDir, 0o700);
    await this.#serve(true, { path: join(this.socketDir, `.s.PGSQL.${this.port}`) });
  }

  async #serve(isLocal: boolean, at: net.ListenOptions): Promise<net.Server> {
    const server = net.createServer((socket) => {
      this.bump();
      void this.#receive(socket, isLocal);
    });
    this.#servers.push(server);
    server.listen(at);
    await once(server, 'listening');
    return server;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  set isOpen(value: boolean) {
    this.#isOpen = value;
    if (value) for (const connection of [...this.connections]) connection.letGo();
  }

  bump(): void {
    this.activity++;
    if (this.#wakers.length === 0) return;
    const wakers = this.#wakers;
    this.#wakers = [];
    for (const wake of wakers) wake();
  }

  news(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wakers.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  begin(): void {
    this.#arrivals = 0;
    this.statementsSeen = 0;
    this.#opened = 0;
    for (const connection of this.connections) connection.number = this.#opened++;
  }

  cutAll(): void {
    for (const connection of [...this.connections]) connection.cut();
    for (const socket of [...this.#sockets]) socket.destroy();
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    this.cutAll();
    await Promise.all(
      this.#servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve()))),
    );
    if (this.#ownsSocketDir && this.socketDir) await rm(this.socketDir, { recursive: true, force: true });
    this.bump();
  }

  // --- For connections

  countArrival(): number {
    return this.#arrivals++;
  }

  countStatements(count: number): void {
    this.statementsSeen += count;
  }

  countPassing(change: 1 | -1): void {
    this.passing += change;
  }

  ended(connection: Connection): void {
    this.connections.delete(connection);
    this.listener?.closed(connection);
    this.bump();
  }

  // --- Logging in

  async #receive(socket: net.Socket, isLocal: boolean): Promise<void> {
    socket.setNoDelay(true);
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    this.starting++;
    let isStarting = true;
    const started = () => {
      if (isStarting) this.starting--;
      isStarting = false;
      this.bump();
    };
    const forgotten = setTimeout(started, STARTING_LIMIT_MS);
    const tooLate = setTimeout(() => socket.destroy(), LOGIN_LIMIT_MS);
    try {
      const { house, number } = this.#house();
      const guest = await welcome(socket, isLocal, house);
      if (guest) await this.#connect(guest, number());
    } finally {
      clearTimeout(forgotten);
      clearTimeout(tooLate);
      started();
    }
  }

  #house(): { house: House; number: () => number } {
    let number = 0;
    const house: House = {
      secureContext: this.#secureContext,
      verifier: this.#verifier,
      user: this.user,
      newestMinor: this.#options.serverVersion >= SPEAKS_3_2 ? 2 : 0,
      refuses: this.refuses,
      asked: () => {
        number = this.#opened++;
      },
      cancel: (request) => this.#cancel(request),
    };
    return { house, number: () => number };
  }

  again(): Again {
    const { upstream } = this.#options;
    return new Again(() => logIn(upstream, { client: null, database: this.database, ...this.#asked }));
  }

  /** Keys are the server's own, so that a request goes there as it is. */
  async #cancel(request: Buffer): Promise<void> {
    const socket = await connectUpstream(this.#options.upstream).catch(() => null);
    if (socket === null) return;
    socket.end(request);
    socket.resume();
    await new Promise((resolve) => socket.once('close', resolve));
  }

  async #connect(guest: Guest, number: number): Promise<void> {
    const { socket: client, minor, parameters } = guest;
    this.#asked = { minor, parameters };
    try {
      const backend = await logIn(this.#options.upstream, {
        client,
        database: this.database,
        minor,
        parameters,
      });
      const { pid, socket: server } = backend;
      if (client.destroyed || this.#isClosing) {
        server.destroy();
        client.destroy();
        return;
      }
      const connection = new Connection(this, { number, pid, client, server });
      this.connections.add(connection);
      client.write(Buffer.concat(backend.greeting));
      connection.start(guest.rest, backend.rest);
    } catch (error) {
      if (!(error instanceof UpstreamRefused)) throw error;
      client.end(error.response);
    }
  }
}
