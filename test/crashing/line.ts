import { Agent, createServer, request, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A call to AWS as it went by. */
export interface AwsCall { region: string, service: string, operation: string, atMs: number }

/** Where a line is cut: at which call of that operation (the first is 1), before it reaches AWS or once it is done. */
export interface Point { operation: string, occurrence: number, moment: 'before' | 'after' }

/** The only way from one service to AWS. */
export interface Line {
  /** What the service is to take for AWS. */
  url: string
  /** What went by, in order of arrival. */
  calls: AwsCall[]
  /** Has the line cut at a point, counted from now on. */
  cutAt: (point: Point) => void
  /** Resolves once it is cut. */
  whenCut: Promise<void>
  isCut: () => boolean
  close: () => void
}

/** Longer than anybody is silent here: a request on a connection that is just being closed for its silence would get no answer. */
const KEEP_ALIVE_MS = 300_000

/**
 * Opens a line to AWS. Once it is cut, every connection of the service ends and nothing more of it reaches AWS: what AWS and the
 * callers see of a process that dies. Calls that AWS has taken by then are done all the same.
 */
export async function openLine (awsUrl: string): Promise<Line> {
  const calls: AwsCall[] = []
  const upstream = new Agent({ keepAlive: true })
  let point: Point | null = null
  let seen = 0
  let isCut = false
  let announce = (): void => {}
  const whenCut = new Promise<void>(resolve => { announce = resolve })

  const cut = (): void => {
    isCut = true
    server.close()
    server.closeAllConnections()
    announce()
  }

  const serve = async (message: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await readAll(message)
    if (isCut) return
    const call = readCall(message, body)
    calls.push(call)
    const isHere = point?.operation === call.operation && ++seen === point.occurrence
    if (isHere && point?.moment === 'before') return cut()
    const answer = await passOn(awsUrl, upstream, message, body)
    if (isHere) return cut()
    if (!answer) message.socket.destroy()
    else if (!isCut) response.writeHead(answer.status, answer.headers).end(answer.body)
  }

  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (message, response) => {
    serve(message, response).catch(() => { message.socket.destroy() })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    cutAt: where => {
      point = where
      seen = 0
    },
    whenCut,
    isCut: () => isCut,
    close: () => {
      server.close()
      server.closeAllConnections()
      upstream.destroy()
    }
  }
}

async function readAll (message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of message) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

/** Region and service from the signature, the operation from wherever the protocol has it. A list of all stacks is a call of its own. */
function readCall ({ url = '', headers }: IncomingMessage, body: Buffer): AwsCall {
  const [, region = '', service = ''] = /Credential=[^/]+\/\d{8}\/([^/]+)\/([^/]+)\//.exec(headers.authorization ?? '') ?? []
  const form = String(headers['content-type']).startsWith('application/x-www-form-urlencoded') ? new URLSearchParams(body.toString()) : null
  const name = form?.get('Action') ?? String(headers['x-amz-target'] ?? url).split(/[./]/).at(-1) ?? ''
  const operation = name === 'DescribeStacks' && !form?.has('StackName') ? 'DescribeStacks of all' : name
  return { region, service, operation, atMs: Date.now() }
}

interface Passed { status: number, headers: IncomingMessage['headers'], body: Buffer }

/** AWS's answer; null when it drops the connection. */
async function passOn (awsUrl: string, agent: Agent, { method, url, headers }: IncomingMessage, body: Buffer): Promise<Passed | null> {
  return await new Promise(resolve => {
    const passed = request(new URL(url ?? '/', awsUrl), { agent, headers, ...(method === undefined ? {} : { method }) }, answer => {
      const { statusCode: status = 500, headers } = answer
      readAll(answer).then(body => resolve({ status, headers, body }), () => resolve(null))
    })
    passed.once('error', () => resolve(null))
    passed.end(body)
  })
}
