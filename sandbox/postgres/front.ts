import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { createSecureContext, TLSSocket } from 'node:tls'

const SSL_REQUEST = 80877103
const GSS_ENCRYPTION_REQUEST = 80877104
const TLS_HANDSHAKE = 0x16
const FIRST_PACKET_BYTES = 8
const FIRST_PACKET_TIMEOUT_MS = 60_000

export interface FrontOptions {
  certificate: Certificate
  /** The name of the server's socket once it takes connections. A rejection closes the client's connection. */
  upstream: () => Promise<string>
  /** Counts as activity until the returned function is called. */
  hold: () => () => void
}

/** The address of a cluster: it listens also while the server is down, and passes bytes on when it is up. */
export interface Front {
  host: string
  port: number
  /** Bytes since the front was opened, as seen by the server. */
  traffic: () => { receivedBytes: number, sentBytes: number }
  close: () => Promise<void>
}

/** Listens on the address; rejects with the system's error (EADDRINUSE, EADDRNOTAVAIL). Port 0 is any free one. */
export async function openFront (host: string, port: number, options: FrontOptions): Promise<Front> {
  const ended = { bytesRead: 0, bytesWritten: 0 }
  const clients = new Set<Socket>()
  const context = createSecureContext(options.certificate)
  const server = createServer({ pauseOnConnect: true, noDelay: true }, client => {
    clients.add(client)
    client.once('close', () => {
      clients.delete(client)
      ended.bytesRead += client.bytesRead
      ended.bytesWritten += client.bytesWritten
    })
    client.on('error', () => client.destroy())
    const secure = (socket: Socket): TLSSocket => {
      const secured = new TLSSocket(socket, { isServer: true, secureContext: context, ALPNProtocols: ['postgresql'] })
      return secured.on('error', () => secured.destroy())
    }
    negotiate(client, secure)
      .then(stream => serve(stream, client, options))
      .catch(() => client.destroy())
  })
  server.listen({ host, port, exclusive: true })
  await once(server, 'listening')
  const sum = (bytes: keyof typeof ended): number => [ended, ...clients].reduce((total, each) => total + each[bytes], 0)
  const address = server.address()
  return {
    host,
    port: typeof address === 'object' && address ? address.port : port,
    traffic: () => ({ receivedBytes: sum('bytesRead'), sentBytes: sum('bytesWritten') }),
    close: async () => {
      const closed = new Promise(resolve => server.close(resolve))
      for (const client of clients) client.destroy()
      await closed
    }
  }
}

/** Reads the first packet, upgrading to TLS where the client asks for it; the packet is left to be read again. */
async function negotiate (socket: Socket, secure: (socket: Socket) => TLSSocket): Promise<Socket> {
  const first = await peek(socket)
  if (first[0] === TLS_HANDSHAKE && !(socket instanceof TLSSocket)) return await negotiate(secure(socket), secure)
  const code = first.readInt32BE(4)
  if (code !== SSL_REQUEST && code !== GSS_ENCRYPTION_REQUEST) return socket
  socket.read(FIRST_PACKET_BYTES)
  if (code === GSS_ENCRYPTION_REQUEST || socket instanceof TLSSocket) {
    socket.write('N')
    return await negotiate(socket, secure)
  }
  // Bytes that came with the request were sent in the clear by somebody else: PostgreSQL refuses them too.
  if (socket.readableLength > 0) throw new Error('data before the TLS handshake')
  socket.write('S')
  return await negotiate(secure(socket), secure)
}

async function peek (socket: Socket): Promise<Buffer> {
  const signal = AbortSignal.timeout(FIRST_PACKET_TIMEOUT_MS)
  for (;;) {
    const packet = socket.read(FIRST_PACKET_BYTES) as Buffer | null
    if (packet) {
      socket.unshift(packet)
      return packet
    }
    if (socket.destroyed) throw new Error('closed')
    await once(socket, 'readable', { signal })
  }
}

async function serve (stream: Socket, client: Socket, options: FrontOptions): Promise<void> {
  const release = options.hold()
  client.once('close', release)
  const path = await options.upstream()
  if (client.destroyed) return
  const upstream = connect(path)
  const end = (): void => {
    upstream.destroy()
    stream.destroy()
    client.destroy()
  }
  upstream.once('error', end)
  client.once('close', () => upstream.destroy())
  upstream.once('close', () => stream.end(() => client.destroySoon()))
  stream.pipe(upstream)
  upstream.pipe(stream)
}

export interface Certificate {
  cert: string
  key: string
}

const VALID_YEARS = 10

/**
 * A certificate to show clients. Its key is on an elliptic curve, like those of AWS's `rds-ca-ecc384-g1`: an RSA key
 * takes a fifth of a second to make.
 */
export async function makeCertificate (nowMs: number): Promise<Certificate> {
  const { generate } = await import('selfsigned') // Needed once, and slow to load.
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'rds.amazonaws.com' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    notAfterDate: new Date(nowMs + VALID_YEARS * 365 * 24 * 60 * 60 * 1000)
  })
  return { cert, key }
}
