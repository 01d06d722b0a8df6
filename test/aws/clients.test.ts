import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

import t from 'tap'

import { createAwsClients } from '../../src/aws/clients.js'
import { createDataApiWire } from '../../src/aws/data-api-wire.js'

t.test('statements that hang on one database leave sockets for those of the others', async t => {
  const HANGING = 60
  const held: ServerResponse[] = []
  let allHang = (): void => {}
  const hanging = new Promise<void>(resolve => { allHang = resolve })
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', chunk => { body += String(chunk) })
    request.on('end', () => {
      if (!body.includes('cluster:slow')) response.end('{}')
      else if (held.push(response) === HANGING) allHang()
    })
  })
  await new Promise<void>(resolve => { server.listen(0, '127.0.0.1', resolve) })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  Object.assign(process.env, { AWS_ENDPOINT_URL: url, AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' })
  const clients = createAwsClients()
  const { forward } = createDataApiWire(clients.dataApi, clients.dataApiPosts)
  const send = async (cluster: string): Promise<unknown> => await forward('eu-west-1', 'Execute', Buffer.from(JSON.stringify({ resourceArn: `arn:aws:rds:eu-west-1:000000000000:cluster:${cluster}` })))
  const slow = Array.from({ length: HANGING }, async () => await send('slow'))
  await hanging
  await t.resolves(send('quick'))
  for (const response of held) response.end('{}')
  await Promise.all(slow)
  clients.destroy()
  await new Promise(resolve => { server.close(resolve) })
})
