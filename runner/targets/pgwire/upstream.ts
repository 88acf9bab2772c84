/** Connects to the real database server and logs in there, with the gate's own role. */
import { createHash } from 'node:crypto';
import net from 'node:net';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';
import { PacketStream } from './packets.ts';
import { readAuthentication, readError, readPid } from './protocol/backend.ts';
import { errorResponse, password, saslInitial, saslResponse } from './protocol/compose.ts';
import type { Message } from './protocol/framing.ts';
import { SCRAM, ScramClient } from './protocol/scram.ts';
import { SSL_REQUEST, startup } from './protocol/startup.ts';
import type { Upstream } from './wire.ts';

export interface Session {
  /** Whom it is for: when the client leaves, so does the gate. */
  readonly client: Duplex | null;
  readonly database: string;
  readonly minor: number;
  /** What the client asked for besides who it is and where it wants to. */
  readonly parameters: ReadonlyMap<string, string>;
}

/** A backend that is ready. */
export interface Backend {
  readonly socket: Duplex;
  /** What has come already after `greeting`. */
  readonly rest: Buffer;
  readonly pid: number;
  /** What the server said from its AuthenticationOk to its first ReadyForQuery: the client is told it as it is. */
  readonly greeting: readonly Buffer[];
}

/** The server does not let us in; `response` is for the client. */
export class UpstreamRefused extends Error {
  readonly response: Buffer;

  constructor(response: Buffer) {
    super(readError(response).message);
    this.response = response;
  }
}

const AUTHENTICATION = { ok: 0, cleartext: 3, md5: 5, sasl: 10, saslContinue: 11, saslFinal: 12 };

/** A socket to the server, connected; with TLS where that is asked for. */
export async function connectUpstream(upstream: Upstream): Promise<Duplex> {
  const { host, port } = upstream;
  const raw = net.connect(host.startsWith('/') ? { path: `${host}/.s.PGSQL.${port}` } : { host, port });
  await new Promise<void>((resolve, reject) => {
    raw.once('connect', resolve).once('error', (error: NodeJS.ErrnoException) => {
      reject(refusal('08001', `cannot connect to the database server at ${host}:${port}: ${error.code}`));
    });
  });
  raw.setNoDelay(true);
  raw.on('error', () => {});
  return upstream.tls ? secured(raw, host) : raw;
}

/** @throws UpstreamRefused when the server cannot be reached, or refuses. */
export async function logIn(upstream: Upstream, session: Session): Promise<Backend> {
  const socket = await connectUpstream(upstream);
  const leave = () => socket.destroy();
  if (session.client?.destroyed) leave();
  session.client?.once('close', leave);
  try {
    const stream = new PacketStream(socket);
    const parameters = new Map([
      ...session.parameters,
      ['user', upstream.user],
      ['database', session.database],
    ]);
    stream.write(startup(session.minor, parameters));
    const accepted = await authenticate(stream, upstream);
    return await greet(stream, accepted);
  } catch (error) {
    socket.destroy();
    throw error instanceof UpstreamRefused ? error : refusal('08006', String(error));
  } finally {
    session.client?.off('close', leave);
  }
}

function refusal(code: string, words: string): UpstreamRefused {
  return new UpstreamRefused(errorResponse(code, `SimCity's gate: ${words}`, 'FATAL'));
}

/** As `sslmode=require` does: encrypted, and the server's certificate is not looked at. */
async function secured(raw: net.Socket, host: string): Promise<Duplex> {
  const stream = new PacketStream(raw);
  stream.write(SSL_REQUEST);
  const answer = await stream.bytes();
  stream.release();
  if (answer?.toString('latin1') !== 'S') {
    raw.destroy();
    throw refusal('08001', 'the database server does not offer TLS');
  }
  const socket = tls.connect({
    socket: raw,
    rejectUnauthorized: false,
    ALPNProtocols: ['postgresql'],
    ...(net.isIP(host) ? {} : { servername: host }),
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('secureConnect', resolve).once('error', (error) => {
      reject(refusal('08001', `TLS with the database server failed: ${error.message}`));
    });
  });
  return socket;
}

/** Answers whatever the server asks for until it is content. */
async function authenticate(stream: PacketStream, { user, password: secret }: Upstream): Promise<Message> {
  let scram: ScramClient | null = null;
  const known = () => {
    if (secret === null) throw refusal('28P01', `the database server asks for a password of role "${user}"`);
    return secret;
  };
  for (;;) {
    const message = await next(stream);
    // A server that is older than we were told says so; what it says of versions the gate has said itself.
    if (message.type !== 'R') continue;
    const { kind, data } = readAuthentication(message.bytes);
    if (kind === AUTHENTICATION.ok) return message;
    if (kind === AUTHENTICATION.cleartext) stream.write(password(known()));
    else if (kind === AUTHENTICATION.md5) stream.write(password(md5(known(), user, data)));
    else if (kind === AUTHENTICATION.sasl && data.toString().split('\0').includes(SCRAM)) {
      scram = new ScramClient(known());
      stream.write(saslInitial(SCRAM, scram.first()));
    } else if (kind === AUTHENTICATION.saslContinue && scram) {
      stream.write(saslResponse(scram.final(data.toString())));
    } else if (kind === AUTHENTICATION.saslFinal && scram) scram.verify(data.toString());
    else {
      throw refusal(
        '28000',
        `the database server asks for a way of logging in (${kind}) that the gate does not know`,
      );
    }
  }
}

function md5(secret: string, user: string, salt: Buffer): string {
  const hash = (data: string | Buffer) => createHash('md5').update(data).digest('hex');
  return `md5${hash(Buffer.concat([Buffer.from(hash(secret + user)), salt]))}`;
}

async function greet(stream: PacketStream, accepted: Message): Promise<Backend> {
  const greeting = [accepted.bytes];
  let pid = 0;
  for (;;) {
    const message = await next(stream);
    greeting.push(message.bytes);
    if (message.type === 'K') pid = readPid(message.bytes);
    if (message.type === 'Z') return { socket: stream.socket, rest: stream.release(), pid, greeting };
  }
}

async function next(stream: PacketStream): Promise<Message> {
  const message = await stream.message();
  if (message === null) throw refusal('08006', 'the database server closed the connection');
  if (message.type === 'E') throw new UpstreamRefused(message.bytes);
  return message;
}
