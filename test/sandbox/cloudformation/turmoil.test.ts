import t from 'tap'
import { AwsError } from '../../../sandbox/aws.js'
import type { ResourceHandler } from '../../../sandbox/cloudformation/resources/handler.js'
import { createRandom, type Random } from '../killing/random.js'
import { allEvents, caller, type Lab, openLab, refusal, statusOf, templateOf, TYPE } from './fixture.js'

/** `TURMOIL_SEEDS=1000 TURMOIL_FROM=…` tries more of them. */
const { TURMOIL_SEEDS: seeds = '20', TURMOIL_FROM: from = '1' } = process.env

const LIVING = new Set(['CREATE_COMPLETE', 'UPDATE_COMPLETE', 'UPDATE_ROLLBACK_COMPLETE'])

/** One stack through operations, failures, cancellations and crashes at random, beside a model of what really exists. */
class Turmoil {
  readonly random: Random
  readonly world = new Map<string, unknown>()
  readonly story: string[] = []
  lab: Lab
  id = ''
  failing = 0
  lives = 0

  constructor (seed: number) {
    this.random = createRandom(seed)
    this.lab = openLab({ handlers: { [TYPE]: this.handler() } })
  }

  turns = async (most: number): Promise<void> => {
    for (let left = this.random.integer(0, most); left > 0; left--) await new Promise(setImmediate)
  }

  /** What a killed process had begun it never ends. */
  handler (): ResourceHandler {
    const life = this.lives
    const { world } = this
    const work = async (most: number, mayFail = true): Promise<void> => {
      await this.turns(most)
      if (life !== this.lives) await new Promise(() => undefined)
      if (mayFail && this.random.chance(this.failing)) throw refusal('No.')
    }
    return {
      create: async ({ logicalId, nonce, properties }, initiated) => {
        const physicalId = `${logicalId}-${nonce}`
        await work(4, !world.has(physicalId))
        world.set(physicalId, properties.Value)
        initiated(physicalId)
        await work(6)
        return { Value: properties.Value ?? '' }
      },
      update: async ({ properties }, physicalId) => {
        await work(6)
        world.set(physicalId, properties.Value)
        return { Value: properties.Value ?? '' }
      },
      delete: async (_request, physicalId) => {
        await work(5, false)
        world.delete(physicalId)
      }
    }
  }

  template (): string {
    const names: string[] = []
    const resources = ['A', 'B', 'C', 'D', 'E'].flatMap(name => {
      if (this.random.chance(0.25)) return []
      const [other] = names.filter(() => this.random.chance(0.2))
      const after = names.filter(() => this.random.chance(0.4))
      names.push(name)
      const value = other === undefined ? this.random.pick(['x', 'y', 'z']) : { 'Fn::GetAtt': [other, 'Value'] }
      return [[name, { after, value, ...(this.random.chance(0.3) ? { name: `${name}${this.random.integer(1, 3)}` } : {}) }] as const]
    })
    return templateOf({ Z: {}, ...Object.fromEntries(resources) })
  }

  /** Asks for something that the stack's status may not allow. */
  async ask (what: string, call: () => Promise<unknown>): Promise<void> {
    const status = await statusOf(this.lab, this.id)
    const answer = await call().catch((error: unknown) => { if (!(error instanceof AwsError)) throw error; return error })
    this.story.push(`${what} in ${status ?? ''}${answer instanceof AwsError ? `: ${answer.message}` : ''}`)
  }

  async disturb (): Promise<void> {
    const StackName = this.id
    await this.turns(25)
    const what = this.random.pick(['nothing', 'nothing', 'cancel', 'kill'])
    if (what === 'cancel') await this.ask(what, async () => await this.lab.operations.CancelUpdateStack({ StackName }, caller))
    if (what !== 'kill') return
    this.story.push(what)
    this.lives++
    this.lab = await this.lab.restart({ [TYPE]: this.handler() })
    await this.lab.start()
  }

  async goOn (status: string): Promise<void> {
    const StackName = this.id
    const { operations } = this.lab
    this.failing = this.random.pick([0, 0.05, 0.15, 0.3]) ?? 0
    const isKept = status === 'CREATE_FAILED' || status === 'UPDATE_FAILED'
    if (status === 'UPDATE_ROLLBACK_FAILED') return await this.ask('continue', async () => await operations.ContinueUpdateRollback({ StackName }, caller))
    if (isKept && this.random.chance(0.5)) return await this.ask('roll back', async () => await operations.RollbackStack({ StackName }, caller))
    if (status === 'ROLLBACK_COMPLETE' || this.random.chance(0.1)) return await this.ask('delete', async () => { await operations.DeleteStack({ StackName }, caller) })
    const input = { StackName, TemplateBody: this.template(), DisableRollback: isKept || this.random.chance(0.2) }
    await this.ask(`update ${JSON.stringify(input)}`, async () => await operations.UpdateStack(input, caller))
  }

  /** What is wrong with the stack at rest. */
  async findings (status: string, before: string | undefined): Promise<unknown[]> {
    const { StackResourceSummaries: resources = [] } = await this.lab.operations.ListStackResources({ StackName: this.id }, caller)
    const last = new Map((await allEvents(this.lab, this.id)).map(event => [event.LogicalResourceId, event.ResourceStatus ?? '']))
    const ids = LIVING.has(status) ? resources.map(({ PhysicalResourceId: id }) => id).sort() : []
    const isOver = LIVING.has(status) || /^(ROLLBACK|DELETE)_COMPLETE$/.test(status)
    return [
      ...(/_IN_PROGRESS$/.test(status) ? [`it rests in ${status}`] : []),
      ...[...last].filter(([, ended]) => /_IN_PROGRESS$/.test(ended)),
      ...resources.filter(({ ResourceStatus: each = '' }) => LIVING.has(status) ? !/^(CREATE|UPDATE)_COMPLETE$/.test(each) : /_IN_PROGRESS$/.test(each)),
      ...(isOver && ids.join() !== [...this.world.keys()].sort().join() ? [{ ids, exist: [...this.world.keys()] }] : []),
      ...(status === 'UPDATE_ROLLBACK_COMPLETE' && before !== undefined && before !== this.photograph() ? [{ before, after: this.photograph() }] : [])
    ]
  }

  photograph (): string {
    return JSON.stringify([...this.world].sort())
  }
}

t.test('whatever happens to a stack, it comes to rest, has what exists, and goes back to what it was', async t => {
  for (let seed = Number(from); seed < Number(from) + Number(seeds); seed++) {
    const turmoil = new Turmoil(seed)
    turmoil.failing = turmoil.random.pick([0, 0, 0.1]) ?? 0
    const { StackId: id = '' } = await turmoil.lab.operations.CreateStack({ StackName: 'stack', TemplateBody: turmoil.template(), DisableRollback: turmoil.random.chance(0.3) }, caller)
    turmoil.id = id
    let good: string | undefined
    for (let step = 0, status = ''; step < 6 && status !== 'DELETE_COMPLETE'; step++) {
      await turmoil.disturb()
      await turmoil.lab.whenIdle(id)
      status = await statusOf(turmoil.lab, id) ?? ''
      const findings = await turmoil.findings(status, good)
      if (findings.length > 0) t.fail(`seed ${seed}`, { story: turmoil.story, findings })
      if (LIVING.has(status)) good = turmoil.photograph()
      await turmoil.goOn(status)
    }
    await turmoil.lab.close()
  }
  t.pass()
})
