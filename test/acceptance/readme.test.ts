import { spawn, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

import t from 'tap'

import { startService } from '../helpers/service.js'

/** A command of the README's tour, and the answer that is shown below it. */
interface Step { command: string, answer: string | null }

const readme = readFileSync(new URL('../README.md', import.meta.resolve('#templates/network.yaml')), 'utf8')
const tour = readme.slice(readme.indexOf('## A tour'), readme.indexOf('### The AWS CLI'))
const steps = [...tour.matchAll(/```sh\n(.*?)```(?:\n\n```(?:json|text|csv)\n(.*?)```)?/gs)].map(([, command = '', answer = null]): Step => ({ command, answer }))
const lacking = ['bash', 'curl'].filter(program => spawnSync(program, ['--version']).error)

if (lacking.length > 0) t.comment(`SKIPPED: the README's tour was not run, for this machine has no ${lacking.join(' and no ')}.`)

await t.test("the README's tour runs, and answers what it says", { skip: lacking.length > 0 }, async t => {
  const service = await startService(t, { SANDBOX_PACE: 'fast' })
  t.ok(steps.length > 10, 'the tour was found')
  const { code, outputs } = await runInOneShell(steps.map(({ command }) => command.replace('http://127.0.0.1:8080', service.url)))
  t.equal(code, 0, 'every command runs')
  for (const [at, { command, answer }] of steps.entries()) {
    if (answer === null) continue
    const title = command.split('\n')[0] ?? ''
    const output = outputs[at] ?? ''
    if (answer.startsWith('event:')) t.ok(streamShows(output, answer), title)
    else if (!answer.startsWith('{')) t.equal(output.replaceAll('\r\n', '\n').trim(), answer.trim(), title)
    else t.match(settle(JSON.parse(output)), settle(JSON.parse(answer)), title)
  }
})

/** What each command printed. They share a shell, so that one sees the variables of those before it. */
async function runInOneShell (commands: readonly string[]): Promise<{ code: number | null, outputs: string[] }> {
  const mark = '<<<next>>>'
  const shell = spawn('bash', ['-e', '-c', commands.join(`\necho; echo '${mark}'\n`)], { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  shell.stdout.setEncoding('utf8').on('data', (chunk: string) => { output += chunk })
  const code = await new Promise<number | null>(resolve => shell.once('close', resolve))
  return { code, outputs: output.split(mark) }
}

/** Puts the same word for what differs from run to run. */
function settle (value: unknown): unknown {
  return JSON.parse(JSON.stringify(value)
    .replaceAll(/127\.\d+\.\d+\.\d+/g, '<address>')
    .replaceAll(/MasterSecret-\w+-\w+/g, '<secret>'))
}

interface Message { event: string, data: unknown }

function messagesOf (stream: string): Message[] {
  return [...stream.matchAll(/event: (\S+)\n(?:id: \S+\n)?data: (.+)/g)].map(([, event = '', data = '']) => ({ event, data: JSON.parse(data) as unknown }))
}

/** Whether every message that is shown was sent, in that order. */
function streamShows (sent: string, shown: string): boolean {
  let rest = messagesOf(sent)
  return messagesOf(shown).every(wanted => {
    const at = rest.findIndex(({ event, data }) => event === wanted.event && contains(data, wanted.data))
    rest = rest.slice(at + 1)
    return at >= 0
  })
}

function contains (whole: unknown, part: unknown): boolean {
  if (typeof part !== 'object' || part === null) return whole === part
  return typeof whole === 'object' && whole !== null &&
    Object.entries(part).every(([key, value]) => contains((whole as Record<string, unknown>)[key], value))
}
