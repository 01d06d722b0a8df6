import { readdirSync, readFileSync } from 'node:fs'

import { test } from 'tap'
import { parse } from 'yaml'

type Parameter = Readonly<Record<'Type' | 'Default' | 'AllowedPattern' | 'ConstraintDescription', string | undefined>> & {
  AllowedValues?: string[]
  MinValue?: number
  MaxValue?: number
}

interface File { Parameters: Record<string, Parameter>, Outputs: Record<string, unknown> }

const folder = new URL('.', import.meta.resolve('#templates/network.yaml'))
const readme = readFileSync(new URL('README.md', folder), 'utf8')
const names = readdirSync(folder).filter(file => file.endsWith('.yaml')).map(file => file.replace('.yaml', ''))

/** The rows of the table under a heading, without its head. */
function tableUnder (heading: string, page: string): string[] {
  const [, section = ''] = page.split(`\n## ${heading}\n`)
  const [own = ''] = section.split('\n## ')
  return own.split('\n').filter(line => line.startsWith('| `'))
}

function readFile (name: string): File {
  // CloudFormation's tags, such as !Ref, are unknown to the parser; their contents are not what is compared here.
  return parse(readFileSync(new URL(`${name}.yaml`, folder), 'utf8'), { logLevel: 'silent' }) as File
}

function toRow ([name, parameter]: [string, Parameter]): string {
  const shown = parameter.Default === '' ? 'empty' : `\`${parameter.Default}\``
  return `| \`${name}\` | ${parameter.Type} | ${shown} | ${limitsOf(parameter)} |`
}

function limitsOf ({ AllowedValues, MinValue, MaxValue, AllowedPattern, ConstraintDescription }: Parameter): string {
  if (AllowedValues) return AllowedValues.join(', ')
  if (MinValue !== undefined) return `${MinValue} to ${MaxValue}`
  if (ConstraintDescription) return ConstraintDescription.replace(/^must (be )?/, '')
  return AllowedPattern ? 'set by the service' : ''
}

for (const name of names) {
  test(`the page describes the parameters of ${name} as the file has them`, async t => {
    t.same(tableUnder(name, readme), Object.entries(readFile(name).Parameters).map(toRow))
  })
}

test('the page names every output', async t => {
  const listed = tableUnder('Outputs', readme).map(row => /`(\w+)`/.exec(row)?.[1])
  for (const name of names.filter(each => each !== 'network')) t.same(Object.keys(readFile(name).Outputs), listed, name)
  for (const output of Object.keys(readFile('network').Outputs)) t.match(readme, `\`${output}\``, output)
})

test('a value on the page that the file does not have is seen', async t => {
  const [, first] = names
  t.notSame(tableUnder(first ?? '', readme.replaceAll('1 to 35', '1 to 36')), Object.entries(readFile(first ?? '').Parameters).map(toRow))
})
