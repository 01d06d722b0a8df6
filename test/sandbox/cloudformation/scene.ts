import type { Test } from 'tap'
import { caller, type Lab, openLab, recordingHandler, refusal, TYPE } from './fixture.js'

/** A stack, and how it is made to fail. */
export interface Scene {
  lab: Lab
  id: string
  log: string[]
  /** Handlers whose names are in here fail. */
  broken: Set<string>
  update: (input: object) => Promise<void>
  reason: () => Promise<string | undefined>
}

/** A stack with what `body` says, and handlers that can be told to fail. */
export async function openScene (t: Test, body: string, input: object = {}): Promise<Scene> {
  const log: string[] = []
  const broken = new Set<string>()
  const failIfBroken = (verb: string) => (logicalId: string): void => { if (broken.has(`${verb} ${logicalId}`)) throw refusal('No.') }
  const lab = openLab({ handlers: { [TYPE]: recordingHandler(log, { create: failIfBroken('create'), update: failIfBroken('update'), delete: failIfBroken('delete') }) } })
  t.teardown(lab.close)
  const { StackId: id = '' } = await lab.operations.CreateStack({ StackName: 'stack', TemplateBody: body, ...input }, caller)
  await lab.whenIdle(id)
  log.length = 0
  return {
    lab,
    id,
    log,
    broken,
    update: async input => {
      await lab.operations.UpdateStack({ StackName: 'stack', ...input }, caller)
      await lab.whenIdle(id)
    },
    reason: async () => (await lab.operations.DescribeStacks({ StackName: id }, caller)).Stacks?.[0]?.StackStatusReason
  }
}
