/** Requests to the service over kept connections, with the connection cut on purpose where a fault says so. */
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import tls from 'node:tls';
import type { ServiceAddress } from './address.ts';

export interface WireRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Of the type that `content-type` in the headers says; text without one is JSON. Null: the request has no body. */
  readonly body: string | Uint8Array | null;
}

/**
 * Where the connection is cut: before the request is sent whole, once it is sent, when the answer's head
 * comes, or in the middle of the answer.
 */
export type Cut = 'request' | 'sent' | 'head' | 'half';

export interface Handling {
  deadlineMs: number;
  cut?: Cut | null;
  /** For a cut of the request, the share of its bytes that is sent; for `sent`, ms until the cut. */
  cutAt?: number;
  /** The body, or what is left of it, is sent so much after the head. */
  splitMs?: number | null;
  /** The share of the body that is sent with the head when it is split. */
  splitAt?: number;
  /** Holds the request back until others are ready to leave with it. */
  barrier?: Barrier | null;
  /** Told of this request alone. */
  told?: ExchangeWatch | null;
}

/** Is told when a request has left, and when the head of its answer comes. */
export interface ExchangeWatch {
  left(): void;
  firstByte(status: number): void;
}

/** Nobody waits longer for his rivals, in ms from the first arrival on. */
const WAIT_LIMIT_MS = 250;

/**
 * Lets several requests leave at one instant: each is written to its connection, which holds it back until
 * the barrier opens. So they reach the service within some hundredths of a millisecond.
 */
export class Barrier {
  readonly #participants: number;
  readonly #sockets: net.Socket[] = [];
  #settled = 0;
  #isOpen = false;
  #limit: NodeJS.Timeout | null = null;

  /** Opens by itself once so many have arrived or left, or some time after the first; without a number by `open` alone. */
  constructor(participants = Number.POSITIVE_INFINITY) {
    this.#participants = participants;
  }

  /** One has arrived, on this connection; where that is still being made, once it is there. */
  hold(socket: net.Socket): void {
    const isCounted = Number.isFinite(this.#participants);
    // Without a number nobody waits for a new connection: it would be too late anyhow.
    if (this.#isOpen || (socket.connecting && !isCounted)) return;
    socket.cork();
    this.#sockets.push(socket);
    if (isCounted) this.#limit ??= setTimeout(() => this.open(), WAIT_LIMIT_MS);
    if (socket.connecting) this.#settleOnce(socket);
    else this.#settle();
  }

  /** One will not come. */
  leave(): void {
    this.#settle();
  }

  open(): void {
    if (this.#isOpen) return;
    this.#isOpen = true;
    if (this.#limit) clearTimeout(this.#limit);
    for (const socket of this.#sockets) socket.uncork();
  }

  /** Whether the connection is made or not, its request is waited for no longer. */
  #settleOnce(socket: net.Socket): void {
    const settle = () => {
      socket.off('connect', settle).off('close', settle);
      this.#settle();
    };
    socket.on('connect', settle).on('close', settle);
  }

  #settle(): void {
    this.#settled++;
    if (this.#settled >= this.#participants) this.open();
  }
}

export interface Answer {
  readonly status: number;
  /** By name in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

export type Exchange =
  | ({ readonly kind: 'answer' } & Answer)
  /**
   * `whole` is false when the service certainly never had enough of the request to act on, so that it had no effect;
   * `isLate` is true when the citizen waited as long as was agreed.
   */
  | { readonly kind: 'none'; readonly cause: string; readonly whole: boolean; readonly isLate: boolean };

/** A process that was held up itself reads what has come meanwhile before it says that nothing came. */
const LAST_LOOK_MS = 250;
/** An answer larger than this is not read on. */
const ANSWER_LIMIT_BYTES = 32 * 1024 * 1024;

/** Is told of what comes and goes, by whoever has to know when nothing is on its way. */
export interface WireWatch {
  /** A request begins; what it returns is called once, when it is written to its connection or over. */
  begins(): () => void;
  /** Bytes of an answer came, or their end. */
  came(): void;
}

type Lookup = NonNullable<net.TcpNetConnectOpts['lookup']>;

/** One of the addresses that a wire speaks to, settled on one IP address. */
class Peer {
  readonly at: ServiceAddress;
  readonly isSecure: boolean;
  pinned: ServiceAddress['addresses'][number];
  readonly lookup: Lookup;

  constructor(at: ServiceAddress) {
    this.at = at;
    this.isSecure = at.url.protocol === 'https:';
    this.pinned = at.addresses[0] as ServiceAddress['addresses'][number];
    this.lookup = (_host, options, callback) => {
      const { address, family } = this.pinned;
      if (options.all) callback(null, [{ address, family }]);
      else callback(null, address, family);
    };
  }

  async pin(timeoutMs: number): Promise<boolean> {
    for (const candidate of this.at.addresses) {
      if (!(await accepts(candidate.address, this.at.port, timeoutMs))) continue;
      this.pinned = candidate;
      return true;
    }
    return false;
  }
}

export class Wire {
  readonly #peers: readonly Peer[];
  readonly #agents: { readonly plain: http.Agent; readonly secure: https.Agent };
  readonly #open = new Set<{ destroy(): void }>();
  readonly #watch: WireWatch | null;
  #turn = 0;
  #closed = false;

  /** Of several addresses each request goes to the next. `connections`: how many are kept open for reuse, to each. */
  constructor(
    addresses: ServiceAddress | readonly ServiceAddress[],
    connections: number,
    watch: WireWatch | null = null,
  ) {
    this.#watch = watch;
    this.#peers = [addresses].flat().map((address) => new Peer(address));
    const options = { keepAlive: true, maxFreeSockets: connections, scheduling: 'lifo' as const };
    this.#agents = { plain: new http.Agent(options), secure: new https.Agent(options) };
  }

  /** Settles on the first IP address of each host that accepts a connection; false when one has none. */
  async pin(timeoutMs: number): Promise<boolean> {
    const pinned = await Promise.all(this.#peers.map((peer) => peer.pin(timeoutMs)));
    return pinned.every(Boolean);
  }

  /** True once nothing is sent any more. */
  get closed(): boolean {
    return this.#closed;
  }

  /**
   * Sends one request. Never rejects. Of several addresses those where nobody is are passed over, as a load balancer
   * does.
   */
  async exchange(request: WireRequest, handling: Handling): Promise<Exchange> {
    let exchange = await this.#once(request, handling);
    for (let more = this.#peers.length - 1; more > 0 && isRefused(exchange); more--) {
      // The barrier has counted it already.
      exchange = await this.#once(request, { ...handling, barrier: null });
    }
    return exchange;
  }

  #once(request: WireRequest, handling: Handling): Promise<Exchange> {
    if (this.#closed)
      return Promise.resolve({ kind: 'none', cause: 'the run is over', whole: false, isLate: false });
    const peer = this.#peers[this.#turn++ % this.#peers.length] as Peer;
    return handling.cut === 'request'
      ? this.#cutShort(peer, request, handling)
      : this.#full(peer, request, handling);
  }

  /** Cuts everything that is under way; the exchanges end without an answer. */
  close(): void {
    this.#closed = true;
    for (const open of this.#open) open.destroy();
    this.#agents.plain.destroy();
    this.#agents.secure.destroy();
  }

  #headers({ at: { authorization } }: Peer, request: WireRequest): Record<string, string> {
    const headers: Record<string, string> = {
      accept: 'application/json',
      ...(authorization === null ? {} : { authorization }),
      ...request.headers,
    };
    if (request.body !== null) {
      headers['content-type'] ??= 'application/json';
      headers['content-length'] = String(Buffer.byteLength(request.body));
    }
    return headers;
  }

  #full(peer: Peer, request: WireRequest, handling: Handling): Promise<Exchange> {
    const { url, port, basePath } = peer.at;
    const {
      cut = null,
      cutAt = 0,
      splitMs = null,
      splitAt = 0,
      barrier = null,
      told = null,
      deadlineMs,
    } = handling;
    return new Promise((resolve) => {
      let connected = false;
      const sending = (peer.isSecure ? https : http).request({
        agent: peer.isSecure ? this.#agents.secure : this.#agents.plain,
        lookup: peer.lookup,
        hostname: url.hostname.replace(/^\[|\]$/g, ''),
        port,
        method: request.method,
        path: basePath + request.path,
        headers: this.#headers(peer, request),
      });
      const timers: NodeJS.Timeout[] = [];
      this.#open.add(sending);
      if (this.#watch) follow(sending, this.#watch);
      let over = false;
      const end = (exchange: Exchange) => {
        if (over) return;
        over = true;
        for (const timer of timers) clearTimeout(timer);
        this.#open.delete(sending);
        resolve(exchange);
        if (exchange.kind === 'none') sending.destroy();
      };
      const none = (cause: string, isLate = false) => end({ kind: 'none', cause, whole: connected, isLate });
      sending.on('error', (error) => none(causeOf(error)));
      sending.once('close', () => none('the connection was closed'));
      sending.once('socket', (socket: net.Socket) => {
        if (socket.connecting) socket.once('connect', () => (connected = true));
        else connected = true;
        barrier?.hold(socket);
      });
      if (told) sending.once('finish', () => told.left());
      sending.once('response', (response) => {
        told?.firstByte(response.statusCode ?? 0);
        // A service can be faster than the cut that was to come before its answer: that is lost all the same.
        if (cut === 'head' || cut === 'sent') return none('the connection was cut at the answer');
        receive(response, cut === 'half', end, none);
      });
      if (cut === 'sent') {
        sending.once('finish', () =>
          timers.push(setTimeout(() => none('the connection was cut before the answer'), cutAt)),
        );
      }
      const late = () => none(`no answer within ${deadlineMs} ms`, connected);
      timers.push(setTimeout(() => timers.push(setTimeout(late, LAST_LOOK_MS)), deadlineMs));
      if (splitMs === null || request.body === null) {
        sending.end(request.body ?? undefined);
      } else {
        const body = bytesOf(request.body);
        const first = body.subarray(0, Math.floor(body.length * splitAt));
        sending.flushHeaders();
        if (first.length > 0) sending.write(first);
        timers.push(setTimeout(() => sending.end(body.subarray(first.length)), splitMs));
      }
    });
  }

  /** Sends a part of the request on a connection of its own and cuts that, so that the rest never comes. */
  #cutShort(peer: Peer, request: WireRequest, handling: Handling): Promise<Exchange> {
    const { url, port, basePath } = peer.at;
    const headers = Object.entries({ host: url.host, ...this.#headers(peer, request) });
    const head = `${request.method} ${basePath}${request.path} HTTP/1.1\r\n${headers.map(([k, v]) => `${k}: ${v}\r\n`).join('')}\r\n`;
    const bytes = Buffer.concat([Buffer.from(head), bytesOf(request.body ?? '')]);
    const sent = bytes.subarray(
      0,
      Math.min(bytes.length - 1, Math.floor(bytes.length * (handling.cutAt ?? 0.5))),
    );
    return new Promise((resolve) => {
      const to = { host: peer.pinned.address, port };
      const socket = peer.isSecure ? tls.connect({ ...to, servername: url.hostname }) : net.connect(to);
      this.#open.add(socket);
      const end = (cause: string, whole = false) => {
        clearTimeout(timer);
        this.#open.delete(socket);
        socket.destroy();
        resolve({ kind: 'none', cause, whole, isLate: false });
      };
      const timer = setTimeout(() => end('no connection in time'), handling.deadlineMs);
      socket.on('error', (error) => end(causeOf(error)));
      socket.once(peer.isSecure ? 'secureConnect' : 'connect', () =>
        socket.write(sent, () => {
          handling.told?.left();
          end('the connection was cut before the request was sent whole', isTakenForWhole(head, sent));
        }),
      );
    });
  }
}

/**
 * Some servers, such as Python's http.server, take the end of the connection for the end of the head: what is cut in
 * the head after its first line, they act on. A body that is cut nobody takes for a whole one.
 */
function isTakenForWhole(head: string, { length }: Uint8Array): boolean {
  return length >= head.indexOf('\r\n') && length <= Buffer.byteLength(head);
}

function follow(sending: http.ClientRequest, watch: WireWatch): void {
  const written = watch.begins();
  sending.once('finish', () => {
    const { socket } = sending;
    // Once the connection is there, what waited for it is written before the next turn.
    if (socket?.connecting) socket.once('connect', () => setImmediate(written));
    else written();
  });
  sending.once('response', (response: http.IncomingMessage) => {
    const came = () => watch.came();
    came();
    response.on('data', came).once('end', came);
  });
  sending.once('close', () => {
    written();
    watch.came();
  });
}

function receive(
  response: http.IncomingMessage,
  half: boolean,
  end: (exchange: Exchange) => void,
  none: (cause: string) => void,
): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  response.on('data', (chunk: Buffer) => {
    if (half) return none('the connection was cut in the middle of the answer');
    bytes += chunk.length;
    if (bytes > ANSWER_LIMIT_BYTES) return none(`the answer is larger than ${ANSWER_LIMIT_BYTES} bytes`);
    chunks.push(chunk);
  });
  response.once('error', (error) => none(causeOf(error)));
  response.once('end', () => {
    if (half) return none('the connection was cut at the end of the answer');
    end({
      kind: 'answer',
      status: response.statusCode ?? 0,
      headers: response.headers,
      body: Buffer.concat(chunks).toString('utf8'),
    });
  });
}

/** Nobody is there, so that nothing was sent. */
function isRefused(exchange: Exchange): boolean {
  return exchange.kind === 'none' && !exchange.whole && exchange.cause === 'ECONNREFUSED';
}

function bytesOf(body: string | Uint8Array): Uint8Array {
  return typeof body === 'string' ? Buffer.from(body) : body;
}

function causeOf(error: Error): string {
  return (error as NodeJS.ErrnoException).code ?? error.message;
}

function accepts(host: string, port: number, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ host, port, timeout: timeoutMs });
    const end = (accepted: boolean) => {
      socket.destroy();
      resolve(accepted);
    };
    socket.once('connect', () => end(true));
    socket.once('timeout', () => end(false));
    socket.once('error', () => end(false));
  });
}
