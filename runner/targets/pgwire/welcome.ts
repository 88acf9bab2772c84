/** Receives a client at the gate: TLS, its startup packet, and the password made for this run. */
import type net from 'node:net';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';
import { PacketStream } from './packets.ts';
import { authentication, errorResponse, negotiateVersion, saslOffer } from './protocol/compose.ts';
import { FieldReader } from './protocol/fields.ts';
import { ProtocolViolation } from './protocol/framing.ts';
import { SCRAM, ScramServer, type ScramVerifier } from './protocol/scram.ts';
import { readStartup, type StartupPacket, versionOf } from './protocol/startup.ts';

export interface House {
  readonly secureContext: tls.SecureContext;
  readonly verifier: ScramVerifier;
  /** Who may log in. */
  readonly user: string;
  /** The newest minor version of protocol 3 that the database server speaks. */
  readonly newestMinor: number;
  readonly refuses: boolean;
  /** A client has asked for a connection. */
  asked(): void;
  cancel(request: Buffer): Promise<void>;
}

/** A client that may come in. */
export interface Guest {
  readonly socket: Duplex;
  /** What it has sent already. */
  readonly rest: Buffer;
  readonly minor: number;
  readonly parameters: ReadonlyMap<string, string>;
}

type Startup = Extract<StartupPacket, { kind: 'startup' }>;

const TLS_HANDSHAKE = 0x16;
const ALPN = 'postgresql';
const SASL_CONTINUE = 11;
const SASL_FINAL = 12;
/** What the startup packet says of who asks and how, and not of the session. */
const OF_THE_LOGIN = new Set(['user', 'database', 'replication']);
const OF_THE_PROTOCOL = '_pq_.';
const NO_REPLICATION = new Set(['', 'false', 'off', 'no', '0']);

/** The client has been told why it may not come in. */
class Refused extends Error {
  readonly response: Buffer;

  constructor(code: string, words: string) {
    super(words);
    this.response = errorResponse(code, words, 'FATAL');
  }
}

/** Null: it was refused and told so, has left, or only wanted to cancel. The socket is ending then. */
export async function welcome(raw: net.Socket, isLocal: boolean, house: House): Promise<Guest | null> {
  let stream = new PacketStream(raw);
  try {
    const opened = await open(stream, isLocal, house);
    if (opened === null) {
      stream.socket.end();
      return null;
    }
    stream = opened.stream;
    return await admit(stream, opened.startup, house);
  } catch (error) {
    if (error instanceof Refused) stream.socket.end(error.response);
    else if (error instanceof ProtocolViolation) {
      stream.socket.end(errorResponse('08P01', error.message, 'FATAL'));
    } else stream.socket.destroy();
    return null;
  }
}

/** Up to the startup packet, over TLS where the client wants it. */
async function open(
  first: PacketStream,
  isLocal: boolean,
  house: House,
): Promise<{ stream: PacketStream; startup: Startup } | null> {
  let stream = first;
  if ((await stream.peek()) === TLS_HANDSHAKE) stream = await secure(stream, house, true);
  for (;;) {
    const bytes = await stream.startup();
    if (bytes === null) return null;
    const packet = readStartup(bytes);
    if (packet.kind === 'startup') return { stream, startup: packet };
    if (packet.kind === 'cancel') {
      await house.cancel(packet.bytes);
      return null;
    }
    const isSecured = stream.socket instanceof tls.TLSSocket;
    if (packet.kind === 'ssl' && !isSecured && !isLocal) stream = await secure(stream, house, false);
    else stream.write(Buffer.from('N'));
  }
}

/** `direct`: without having asked; the client says by ALPN then what it wants to speak. */
async function secure(stream: PacketStream, house: House, direct: boolean): Promise<PacketStream> {
  const early = stream.release();
  if (!direct && early.length > 0) {
    throw new ProtocolViolation('received unencrypted data after SSL request');
  }
  if (direct) stream.socket.unshift(early);
  else stream.write(Buffer.from('S'));
  const socket = new tls.TLSSocket(stream.socket as net.Socket, {
    isServer: true,
    secureContext: house.secureContext,
    ALPNProtocols: [ALPN],
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('secure', resolve).once('error', reject);
    socket.once('close', () => reject(new Error('the client left during the TLS handshake')));
  });
  if (direct && socket.alpnProtocol !== ALPN) throw new Error('direct TLS without ALPN');
  return new PacketStream(socket);
}

async function admit(stream: PacketStream, packet: Startup, house: House): Promise<Guest | null> {
  const { parameters } = packet;
  house.asked();
  if (house.refuses) throw new Refused('53300', 'sorry, too many clients already');
  if (!NO_REPLICATION.has((parameters.get('replication') ?? '').toLowerCase())) {
    throw new Refused('0A000', "SimCity's gate takes no replication connections");
  }
  const options = [...parameters.keys()].filter((name) => name.startsWith(OF_THE_PROTOCOL));
  const minor = Math.min(packet.minor, house.newestMinor);
  if (packet.minor > minor || options.length > 0) stream.write(negotiateVersion(versionOf(minor), options));
  if (!(await authenticate(stream, parameters.get('user') ?? '', house))) return null;
  const asked = [...parameters].filter(
    ([name]) => !OF_THE_LOGIN.has(name) && !name.startsWith(OF_THE_PROTOCOL),
  );
  return { socket: stream.socket, rest: stream.release(), minor, parameters: new Map(asked) };
}

/** True: it knows the password. False: it has left. @throws Refused */
async function authenticate(stream: PacketStream, user: string, house: House): Promise<boolean> {
  const scram = new ScramServer(house.verifier);
  const refused = new Refused('28P01', `password authentication failed for user "${user}"`);
  stream.write(saslOffer([SCRAM]));
  const initial = await stream.message();
  if (initial === null) return false;
  if (initial.type !== 'p') throw new ProtocolViolation('expected SASL response');
  const first = scram.first(readInitial(initial.bytes));
  if (first === null) throw new ProtocolViolation('malformed SCRAM message');
  stream.write(authentication(SASL_CONTINUE, Buffer.from(first)));
  const response = await stream.message();
  if (response === null) return false;
  if (response.type !== 'p') throw new ProtocolViolation('expected SASL response');
  const final = scram.final(new FieldReader(response.bytes, 5).rest().toString());
  if (final === null || user !== house.user) throw refused;
  stream.write(authentication(SASL_FINAL, Buffer.from(final)));
  return true;
}

function readInitial(bytes: Buffer): string {
  const fields = new FieldReader(bytes, 5);
  const mechanism = fields.text();
  if (mechanism !== SCRAM) throw new ProtocolViolation('client selected an invalid SASL mechanism');
  fields.int32();
  return fields.rest().toString();
}
