import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import t from 'tap'
import { systemClock } from '../../sandbox/clock.js'
import { unheeded as ofCloudFormation } from '../../sandbox/cloudformation/unheeded.js'
import { unheeded as ofCloudWatch } from '../../sandbox/cloudwatch/unheeded.js'
import { clusterKind } from '../../sandbox/cloudformation/resources/db-cluster.js'
import type { RdsKind } from '../../sandbox/cloudformation/resources/rds-handler.js'
import { instanceKind, parameterGroupKind, subnetGroupKind } from '../../sandbox/cloudformation/resources/rds-kinds.js'
import { openSpecification } from '../../sandbox/cloudformation/specification/specification.js'
import { readSandboxConfig } from '../../sandbox/config.js'
import { createFaults } from '../../sandbox/faults.js'
import { unheeded as ofRds } from '../../sandbox/rds/unheeded.js'
import { unheeded as ofRdsData } from '../../sandbox/rds-data/unheeded.js'
import { createServices } from '../../sandbox/sandbox.js'
import { unheeded as ofSecretsManager } from '../../sandbox/secrets-manager/unheeded.js'
import { unheeded as ofSts } from '../../sandbox/sts/unheeded.js'
import { openStore } from '../../sandbox/store.js'
import type { Unheeded } from '../../sandbox/unheeded.js'
import type { Shape } from '../../sandbox/wire/schemas.js'
import { wireServices } from '../../sandbox/wire/services.js'
import { readSources } from '../helpers/source-tree.js'

/** Where the operations of each service are, by its signing name, and the table of what they do not heed. */
const rooms: Readonly<Record<string, { folder: string, table: Unheeded }>> = {
  cloudformation: { folder: 'sandbox/cloudformation', table: ofCloudFormation },
  monitoring: { folder: 'sandbox/cloudwatch', table: ofCloudWatch },
  rds: { folder: 'sandbox/rds', table: ofRds },
  'rds-data': { folder: 'sandbox/rds-data', table: ofRdsData },
  secretsmanager: { folder: 'sandbox/secrets-manager', table: ofSecretsManager },
  sts: { folder: 'sandbox/sts', table: ofSts }
}

const dataDir = mkdtempSync(join(tmpdir(), 'unheeded-'))
const store = openStore(dataDir)
const config = { ...readSandboxConfig({}), dataDir, log: pino({ level: 'silent' }) }
const implemented: Readonly<Record<string, object>> = createServices(config, {
  store, clock: systemClock, faults: createFaults({ clock: systemClock, random: Math.random })
}).rooms
t.teardown(() => {
  store.close()
  rmSync(dataDir, { recursive: true })
})

/** The paths of a structure's members, at any depth; `isKnown` ends the way down. */
function * pathsIn (shape: Shape, isKnown: (path: string, name: string) => boolean, path = '', above: readonly string[] = []): Generator<string> {
  if (shape.isListSchema() || shape.isMapSchema()) yield * pathsIn(shape.getValueSchema(), isKnown, path, above)
  if (!shape.isStructSchema() || shape.isUnitSchema() || above.includes(shape.getName() ?? '')) return
  for (const [name, member] of shape.structIterator()) {
    const at = path === '' ? name : `${path}.${name}`
    yield at
    if (!isKnown(at, name)) yield * pathsIn(member, isKnown, at, [...above, shape.getName() ?? ''])
  }
}

for (const [service, { folder, table }] of Object.entries(rooms)) {
  t.test(`whatever a request to ${service} may have is read or in the table of what is not heeded`, async t => {
    const source = readSources([folder]).filter(({ path }) => !path.endsWith('/unheeded.ts')).map(({ text }) => text).join('\n')
    const named = new Set(source.match(/\w+/g))
    const operations = Object.keys(implemented[service] ?? {})
    const isOf = (row: Unheeded['rows'][number], operation: string): boolean => row.of?.includes(operation) ?? true
    const isListed = (operation: string, path: string): boolean =>
      table.rows.some(row => isOf(row, operation) && row.members.includes(path))
    const found = new Set<string>()
    const ignored = operations.flatMap(operation => {
      const shape = wireServices.get(service)?.model.operations.get(operation)?.input
      const paths = shape ? [...pathsIn(shape, path => isListed(operation, path))] : []
      for (const path of paths) found.add(`${operation} ${path}`)
      return paths.filter(path => !isListed(operation, path) && !isRead(named, path)).map(path => `${operation} ${path}`)
    })
    t.same(ignored, [])

    const stale = table.rows.flatMap(({ of, members }) => members.flatMap(path => {
      const places = (of ?? operations).map(operation => `${operation} ${path}`)
      return places.some(place => found.has(place)) ? [] : [`${path} of ${of?.join(', ') ?? 'any operation'}`]
    }))
    t.same(stale, [], 'and the table has nothing that there is not')
  })
}

t.test('whatever property a resource of RDS may have is a member of the API, or its kind knows it', async t => {
  const kinds = [
    clusterKind({} as Parameters<typeof clusterKind>[0]), instanceKind, subnetGroupKind, parameterGroupKind('DBClusterParameterGroup'), parameterGroupKind('DBParameterGroup')
  ] as unknown as readonly RdsKind[]
  const specification = await openSpecification()
  for (const { noun, renames = {}, unheeded = [] } of kinds) {
    const shapes = ['Create', 'Modify'].flatMap(verb => wireServices.get('rds')?.model.operations.get(`${verb}${noun}`)?.input ?? [])
    const members = shapes.flatMap(shape => [...shape.structIterator()].map(([name]) => name))
    const known = new Set([...members, ...Object.keys(renames), ...unheeded.flatMap(row => row.members)])
    t.same(Object.keys(specification.typeOf(`AWS::RDS::${noun}`)?.properties ?? {}).filter(name => !known.has(name)), [], noun)
  }
})

/** Whether the room's source names the member; those of parameter groups are called after the kind of group. */
function isRead (named: ReadonlySet<string>, path: string): boolean {
  const name = path.split('.').at(-1) ?? ''
  return named.has(name) || /^(Source|Target)DB(Cluster)?ParameterGroup(Identifier|Description)$/.test(name)
}
