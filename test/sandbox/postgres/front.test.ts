import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import t from 'tap'
import { type Certificate, type Front, makeCertificate, openFront } from '../../../sandbox/postgres/front.js'

const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f])
const GSS_REQUEST = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x30])
const STARTUP = Buffer.from([0, 0, 0, 9, 0, 3, 0, 0, 0])

t.test('the front of a cluster', async t => {
  const directory = mkdtempSync(join(tmpdir(), 'front-'))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  const certificate: Certificate = await makeCertificate(Date.now())
  const path = join(directory, 'server')
  const echo = createServer(socket => socket.on('error', () => {}).pipe(socket)).listen(path)
  t.teardown(() => echo.close())
  const held = { now: 0, ever: 0 }
  const hold = (): (() => void) => {
    held.now++
    held.ever++
    return () => { held.now-- }
  }
  const open = async (upstream: () => Promise<string> = async () => path): Promise<Front> => {
    const front = await openFront('127.0.0.1', 0, { certificate, upstream, hold })
    t.teardown(front.close)
    return front
  }
  const front = await open()
  const dial = async (port = front.port): Promise<Socket> => {
    const socket = connect(port, '127.0.0.1')
    t.teardown(() => socket.destroy())
    await once(socket, 'connect')
    return socket
  }
  const secure = async (socket: Socket): Promise<TLSSocket> => {
    const stream = connectTls({ socket, rejectUnauthorized: false, ALPNProtocols: ['postgresql'] })
    await once(stream, 'secureConnect')
    return stream
  }
  const read = async (socket: Socket): Promise<Buffer> => (await once(socket, 'data') as [Buffer])[0]

  await t.test('passes a connection in the clear on', async t => {
    const socket = await dial()
    socket.write(STARTUP)
    t.same(await read(socket), STARTUP)
  })

  await t.test('ends TLS for a client that asks first', async t => {
    const socket = await dial()
    socket.write(GSS_REQUEST)
    t.equal(String(await read(socket)), 'N', 'there is no Kerberos')
    socket.write(SSL_REQUEST)
    t.equal(String(await read(socket)), 'S')
    const stream = await secure(socket)
    stream.write(STARTUP)
    t.same(await read(stream), STARTUP)
  })

  await t.test('ends TLS for a client that begins with it', async t => {
    const stream = await secure(await dial())
    t.equal(stream.alpnProtocol, 'postgresql')
    stream.write(STARTUP)
    t.same(await read(stream), STARTUP)
  })

  await t.test('refuses bytes that were sent in the clear before TLS', async t => {
    const before = held.ever
    const socket = await dial()
    socket.on('error', () => {})
    socket.resume()
    socket.write(Buffer.concat([SSL_REQUEST, STARTUP]))
    await once(socket, 'close')
    t.equal(held.ever, before)
  })

  await t.test('wakes nobody for a connection that says nothing', async t => {
    const before = held.ever
    const socket = await dial()
    socket.destroy()
    await once(socket, 'close')
    t.equal(held.ever, before)
  })

  await t.test('keeps a client waiting until the server is up, and counts it as use', async t => {
    let ask = (_wake: (path: string) => void): void => {}
    const asked = new Promise<(path: string) => void>(resolve => { ask = resolve })
    const sleeping = await open(async () => await new Promise<string>(resolve => ask(resolve)))
    const before = held.now
    const socket = await dial(sleeping.port)
    const answer = read(socket)
    socket.write(STARTUP)
    const wake = await asked
    t.equal(held.now, before + 1)
    wake(path)
    t.same(await answer, STARTUP)
  })

  await t.test('closes the connection when the server cannot be had', async t => {
    const broken = await open(async () => { throw new Error('no server') })
    const socket = await dial(broken.port)
    socket.on('error', () => {})
    socket.write(STARTUP)
    await once(socket, 'close')
    t.ok(socket.destroyed)
  })

  await t.test('counts what went through', async t => {
    const counted = await open()
    const socket = await dial(counted.port)
    socket.write(STARTUP)
    await read(socket)
    t.same(counted.traffic(), { receivedBytes: STARTUP.length, sentBytes: STARTUP.length })
    socket.destroy()
    await once(socket, 'close')
    t.same(counted.traffic(), { receivedBytes: STARTUP.length, sentBytes: STARTUP.length })
  })
})
