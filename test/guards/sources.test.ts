import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import t from 'tap'

import { filesUnder, importsOf, readSources, ROOT, type SourceFile } from '../helpers/source-tree.js'

/** What runs by itself; everything else must be imported from here or from a test. */
const programs = ['src/server.ts', 'sandbox/main.ts']

function findUnreached (files: readonly SourceFile[]): string[] {
  const byPath = new Map(files.map(file => [file.path, file]))
  const reached = new Set<string>()
  const visit = (path: string): void => {
    const file = byPath.get(path)
    if (!file || reached.has(path)) return
    reached.add(path)
    for (const { from } of importsOf(file)) visit(from)
  }
  for (const { path } of files) {
    if (programs.includes(path) || /^(scripts|bench)\/|\.test\.ts$/.test(path)) visit(path)
  }
  // Types of packages that have none of their own: nobody imports them.
  return [...byPath.keys()].filter(path => !reached.has(path) && !path.endsWith('.d.ts'))
}

t.test('every source is used by a program or a test', async t => {
  t.strictSame(findUnreached(readSources(['src', 'routes', 'sandbox', 'scripts', 'test'])), [])
  t.strictSame(findUnreached([{ path: 'src/server.ts', text: '' }, { path: 'src/forgotten.ts', text: '' }]), ['src/forgotten.ts'])
})

t.test('every compiled test has a source', async t => {
  const compiled = compiledTests()
  t.ok(compiled.length > 10, 'the compiled tests are found')
  t.strictSame(compiled.filter(path => !existsSync(join(ROOT, path.replace(/\.js$/, '.ts')))), [])
})

function compiledTests (): string[] {
  return filesUnder('dist/test').filter(path => path.endsWith('.test.js')).map(path => path.slice('dist/'.length))
}

/** Split, so that this file does not find itself. */
const unwanted: ReadonlyArray<{ what: string, pattern: RegExp, example: string }> = [
  { what: 'host of a package registry', pattern: new RegExp(['registry', '(npmjs|yarnpkg)'].join('\\.')), example: ['https://registry', 'npmjs', 'org/'].join('.') },
  { what: 'path of one machine', pattern: new RegExp(['(?<![\\w.])/(home|Users)', '(?!node/)[a-z][\\w.-]*/'].join('/')), example: ['', 'home', 'somebody', 'project'].join('/') },
  { what: 'path of one machine', pattern: new RegExp(['(?<![\\w.$}])', '(root|work|tmp/tap)', '(?!\\*)'].join('/')), example: ['', 'root', 'project'].join('/') }
]

const isText = (path: string): boolean => /\.(ts|js|mjs|json|ya?ml|md|sh|sql|txt)$|\/?(Dockerfile|\.\w+rc|run)$/.test(path)

t.test('no file knows of a package registry or of one machine', async t => {
  const files = filesUnder('').filter(isText)
  t.ok(files.includes('package.json'), 'the files are found')
  for (const { what, pattern, example } of unwanted) {
    t.match(example, pattern, `the pattern finds the ${what}`)
    t.strictSame(files.filter(path => pattern.test(readFileSync(join(ROOT, path), 'utf8'))), [], `no ${what}`)
  }
})
