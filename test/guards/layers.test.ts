import t from 'tap'

import { importsOf, readSources, type SourceFile } from '../helpers/source-tree.js'

/** Pieces without a room, which every room may use. */
const common = ['src/clock.ts', 'src/concurrency.ts', 'src/json-members.ts', 'src/memo.ts', 'src/problems.ts', 'src/shutdown.ts']

const sandboxCommon = ['sandbox/turns.ts', 'sandbox/aws.ts', 'sandbox/clock.ts', 'sandbox/constraints.ts', 'sandbox/pace.ts', 'sandbox/store.ts', 'sandbox/unheeded.ts']

/** Which of our folders and files a folder may import. The first that fits a file is the rule for it. */
const directions: ReadonlyArray<{ of: string, may: readonly string[] }> = [
  { of: 'src/aws/', may: ['src/aws/'] },
  { of: 'src/watching/', may: ['src/watching/', 'src/aws/', ...common] },
  { of: 'src/templates/', may: ['src/templates/', ...common] },
  { of: 'src/access/', may: ['src/access/', 'src/databases/naming.ts', ...common] },
  { of: 'src/databases/', may: ['src/databases/', 'src/watching/', 'src/templates/', 'src/access/', 'src/aws/', ...common] },
  { of: 'src/queries/', may: ['src/queries/', 'src/databases/', 'src/access/', 'src/aws/', ...common] },
  { of: 'src/metrics/', may: ['src/metrics/', 'src/databases/', 'src/queries/', 'src/watching/', 'src/aws/', ...common] },
  { of: 'src/plugins/', may: ['src/plugins/', 'src/metrics/', 'src/templates/', 'src/access/', 'src/aws/errors.ts', ...common] },
  { of: 'src/app.ts', may: ['routes/', 'src/plugins/', 'src/metrics/', 'src/databases/', 'src/queries/', 'src/access/', 'src/templates/', ...common] },
  { of: 'src/', may: ['src/'] },
  { of: 'routes/', may: ['routes/', 'src/plugins/', 'src/metrics/', 'src/databases/', 'src/queries/', 'src/access/', 'src/templates/', 'src/aws/', ...common] },
  { of: 'sandbox/wire/', may: ['sandbox/wire/', 'sandbox/faults.ts', ...sandboxCommon] },
  { of: 'sandbox/postgres/', may: ['sandbox/postgres/', ...sandboxCommon] },
  { of: 'sandbox/secrets-manager/', may: ['sandbox/secrets-manager/', ...sandboxCommon] },
  { of: 'sandbox/sts/', may: ['sandbox/sts/', ...sandboxCommon] },
  { of: 'sandbox/rds/', may: ['sandbox/rds/', 'sandbox/postgres/', ...sandboxCommon] },
  { of: 'sandbox/rds-data/', may: ['sandbox/rds-data/', 'sandbox/rds/', ...sandboxCommon] },
  { of: 'sandbox/cloudwatch/', may: ['sandbox/cloudwatch/', 'sandbox/rds/', ...sandboxCommon] },
  { of: 'sandbox/cloudformation/template/', may: ['sandbox/cloudformation/template/', 'sandbox/cloudformation/specification/', ...sandboxCommon] },
  { of: 'sandbox/cloudformation/', may: ['sandbox/cloudformation/', 'sandbox/rds/', 'sandbox/secrets-manager/', ...sandboxCommon] },
  { of: 'sandbox/', may: ['sandbox/'] }
]

/** Packages that only some folders and files may know of. */
const reserved: ReadonlyArray<{ packages: RegExp, by: readonly string[] }> = [
  { packages: /^@aws-sdk\/|^@smithy\//, by: ['src/aws/', 'sandbox/'] },
  { packages: /^fastify$|^@fastify\//, by: ['src/plugins/', 'src/app.ts', 'src/service.ts', 'src/openapi.ts', 'routes/'] }
]

/** What has side effects outside of the program, and where it may be. */
const effects: ReadonlyArray<{ code: RegExp, by: readonly string[] }> = [
  { code: /\bprocess\.env\b/, by: ['src/server.ts', 'sandbox/main.ts'] },
  { code: /\bprocess\.exit\b/, by: ['src/server.ts', 'src/signals.ts', 'sandbox/main.ts'] }
]

const isAmong = (path: string, places: readonly string[]): boolean => places.some(place => place.endsWith('/') ? path.startsWith(place) : path === place)

function findViolations (file: SourceFile): string[] {
  const direction = directions.find(({ of }) => isAmong(file.path, [of]))
  const wrongImports = importsOf(file).filter(({ from, isTypeOnly }) => {
    const isOurs = from.endsWith('.ts')
    if (!isOurs) return reserved.some(({ packages, by }) => packages.test(from) && !isAmong(file.path, by))
    if (file.path.startsWith('routes/') && from.startsWith('src/aws/') && !isTypeOnly) return true
    return direction === undefined || !isAmong(from, direction.may)
  })
  const wrongEffects = effects.filter(({ code, by }) => code.test(file.text) && !isAmong(file.path, by))
  return [...wrongImports.map(({ from }) => `${file.path} imports ${from}`), ...wrongEffects.map(({ code }) => `${file.path} has ${code.source}`)]
}

t.test('every import goes in the direction of the house', async t => {
  const files = readSources(['src', 'routes', 'sandbox'])
  t.ok(files.length > 80, 'the files are found')
  t.strictSame(files.flatMap(findViolations), [])
})

/** What gets back to itself by its imports, types counted too: a file, or whatever `placeOf` says that a file belongs to. */
function findCircles (files: readonly SourceFile[], placeOf = (path: string): string => path): string[] {
  const neededBy = new Map<string, Set<string>>()
  for (const file of files) {
    const place = placeOf(file.path)
    const needed = neededBy.get(place) ?? new Set()
    for (const { from } of importsOf(file)) {
      if (from === file.path || placeOf(from) !== place) needed.add(placeOf(from))
    }
    neededBy.set(place, needed)
  }
  const reachable = (place: string, seen = new Set<string>()): Set<string> => {
    for (const next of neededBy.get(place) ?? []) {
      if (!seen.has(next)) reachable(next, seen.add(next))
    }
    return seen
  }
  return [...neededBy.keys()].filter(place => reachable(place).has(place))
}

/** `src/databases/creation/launch.ts` → `src/databases/creation`; of the domain itself, the file. */
const roomOf = (path: string): string => path.split('/').slice(0, 3).join('/')

t.test('no file needs itself to be understood', async t => {
  t.strictSame(findCircles(readSources(['src', 'routes', 'sandbox', 'scripts', 'bench'])), [])
  const circle = [{ path: 'src/one.ts', text: "import type { Two } from './two.js'" }, { path: 'src/two.ts', text: "import { one } from './one.js'" }]
  t.strictSame(findCircles(circle), ['src/one.ts', 'src/two.ts'], 'the guard sees one')
})

t.test('no room of the domain needs itself to be understood', async t => {
  t.strictSame(findCircles(readSources(['src/databases', 'src/queries']), roomOf), [])
  const circle = [
    { path: 'src/databases/one/a.ts', text: "import { b } from '../two/b.js'" },
    { path: 'src/databases/two/b.ts', text: "import { c } from './c.js'" },
    { path: 'src/databases/two/c.ts', text: "import type { D } from '../one/d.js'" },
    { path: 'src/databases/one/d.ts', text: '' }
  ]
  t.strictSame(findCircles(circle, roomOf), ['src/databases/one', 'src/databases/two'], 'the guard sees one that no file makes alone')
})

const wrong: Array<[why: string, path: string, text: string]> = [
  ['the watch does not know of databases', 'src/watching/made-up.ts', "import { toDatabase } from '../databases/database.js'"],
  ['the domain does not know who counts', 'src/queries/made-up.ts', "import { createRegistry } from '../metrics/registry.js'"],
  ['the domain does not know of HTTP', 'src/databases/made-up.ts', "import type { FastifyInstance } from 'fastify'"],
  ['the domain does not know of the SDK', 'src/queries/made-up.ts', "import {\n  RDSDataClient\n} from '@aws-sdk/client-rds-data'"],
  ['routes take nothing but types from AWS', 'routes/made-up.ts', "import { createStacks } from '../src/aws/stacks.js'"],
  ['the sandbox does not know of the service', 'sandbox/made-up.ts', "import { hashOf } from '../src/databases/naming.js'"],
  ['the service does not know of the sandbox', 'src/made-up.ts', "export { startSandbox } from '../sandbox/sandbox.js'"],
  ['nor does it load it later', 'src/databases/made-up.ts', "const later = await import('../../sandbox/sandbox.js')"],
  ['the wire does not know which services there are behind it', 'sandbox/wire/made-up.ts', "import { createRds } from '../rds/rds.js'"],
  ['PostgreSQL does not know of RDS', 'sandbox/postgres/made-up.ts', "import type { ClusterRecord } from '../rds/records.js'"],
  ['the environment is read at the edge', 'src/databases/made-up.ts', 'const region = process.env.AWS_REGION'],
  ['only programs end themselves', 'sandbox/rds/made-up.ts', 'process.exit(1)']
]
for (const [why, path, text] of wrong) {
  t.test(`the guard sees that ${why}`, async t => {
    t.equal(findViolations({ path, text }).length, 1)
  })
}
