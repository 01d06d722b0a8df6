import { StackStatus } from '@aws-sdk/client-cloudformation'
import t from 'tap'

import { idOf, stackNameOf } from '../../src/databases/naming.js'
import { OWN_TAGS, principalOf, REGION, stackIdOf, stackOf } from '../helpers/facts.js'
import { bearer, buildTestApp, OUTPUTS } from '../helpers/test-service.js'

interface Meaning {
  database: string
  /** Whether who follows it is to wait for more. */
  goesOn: boolean
  connection: string
  change: string
  deletion: string
}

const ready: Meaning = { database: 'available', goesOn: false, connection: '200', change: '202', deletion: '202' }
const changing: Meaning = { database: 'updating', goesOn: true, connection: '200', change: '409 database-busy', deletion: '409 database-busy' }
const broken: Meaning = { database: 'failed', goesOn: false, connection: '409 database-not-ready', change: '409 database-not-ready', deletion: '202' }
const starting: Meaning = { database: 'creating', goesOn: true, connection: '409 database-not-ready', change: '409 database-busy', deletion: '202' }

/** What a caller sees of each status. A change set that waits to be executed (`REVIEW_IN_PROGRESS`) does not move by itself. */
const meanings: Readonly<Record<StackStatus, Meaning>> = {
  REVIEW_IN_PROGRESS: { ...broken, database: 'creating' },
  CREATE_IN_PROGRESS: starting,
  CREATE_COMPLETE: ready,
  CREATE_FAILED: broken,
  ROLLBACK_IN_PROGRESS: { ...starting, database: 'failed' },
  ROLLBACK_COMPLETE: broken,
  ROLLBACK_FAILED: broken,
  UPDATE_IN_PROGRESS: changing,
  UPDATE_COMPLETE_CLEANUP_IN_PROGRESS: changing,
  UPDATE_COMPLETE: ready,
  UPDATE_FAILED: broken,
  UPDATE_ROLLBACK_IN_PROGRESS: changing,
  UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS: changing,
  UPDATE_ROLLBACK_COMPLETE: ready,
  UPDATE_ROLLBACK_FAILED: broken,
  IMPORT_IN_PROGRESS: changing,
  IMPORT_COMPLETE: ready,
  IMPORT_ROLLBACK_IN_PROGRESS: changing,
  IMPORT_ROLLBACK_COMPLETE: ready,
  IMPORT_ROLLBACK_FAILED: broken,
  DELETE_IN_PROGRESS: { ...starting, database: 'deleting' },
  DELETE_COMPLETE: { ...broken, database: 'deleted' },
  DELETE_FAILED: { ...broken, database: 'delete_failed' }
}

const { app, stacks, databases, secrets } = await buildTestApp()
secrets.known.set(OUTPUTS.SecretArn, { facts: { arn: OUTPUTS.SecretArn, name: 'MasterSecret', tags: {}, deletedAt: null }, credentials: null })
t.teardown(async () => { await app.close() })
const headers = { ...bearer('all') }

for (const [status, meaning] of Object.entries(meanings) as Array<[StackStatus, Meaning]>) {
  t.test(`${status}: ${meaning.database}`, async t => {
    const name = status.toLowerCase().replaceAll('_', '-')
    const stackName = stackNameOf({ client: 'acme', name, environment: 'dev', region: REGION })
    const id = idOf(REGION, stackName)
    stacks.add(stackOf({
      id: stackIdOf(REGION, stackName),
      name: stackName,
      status,
      tags: { ...OWN_TAGS, 'aurora-databases:name': name },
      // AWS leaves them out while it works on a stack.
      outputs: meaning.goesOn ? {} : OUTPUTS,
      deletedAt: status.startsWith('DELETE') ? new Date('2026-11-23T09:00:00Z') : null
    }))
    const ask = async (method: 'GET' | 'PATCH' | 'DELETE', rest = '', payload?: object) =>
      await app.inject({ method, url: `/v1/databases${rest}`, headers: { ...headers, ...(payload ? { 'content-type': 'application/json' } : {}) }, ...(payload ? { payload } : {}) })
    const outcome = ({ statusCode, body }: { statusCode: number, body: string }): string => `${statusCode} ${(JSON.parse(body) as { code?: string }).code ?? ''}`.trim()

    t.match((await ask('GET', `/${id}`)).json(), { status: meaning.database, stack: { status } })
    const { items } = (await ask('GET', `?status=${meaning.database}&name=${name}`)).json<{ items: object[] }>()
    t.match(items, [{ id, status: meaning.database }], 'it is in the list under its status')

    const following = new AbortController()
    const changes = databases.follow(principalOf(), id, following.signal)[Symbol.asyncIterator]()
    await changes.next()
    t.equal((await changes.next()).done ?? false, !meaning.goesOn, 'whoever follows it')
    following.abort()
    await changes.return?.()

    t.equal(outcome(await ask('GET', `/${id}/connection`)), meaning.connection, 'connection')
    t.equal(outcome(await ask('PATCH', `/${id}`, { parameters: { MaxCapacity: 8 } })), meaning.change, 'change')
    t.equal(outcome(await ask('DELETE', `/${id}`)), meaning.deletion, 'deletion')
  })
}

t.test('the table is of every status that CloudFormation knows', async t => {
  t.strictSame(Object.keys(meanings).sort(), Object.values(StackStatus).sort())
})
