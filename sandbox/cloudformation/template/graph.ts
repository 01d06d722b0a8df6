import { invalid } from './errors.js'
import { referencesIn } from './references.js'
import { partsOf, type ResourceDefinition } from './template.js'

/** For every node the nodes that come before it. */
export type Graph = ReadonlyMap<string, ReadonlySet<string>>

/** What each resource waits for: what it refers to and what its `DependsOn` names. Throws for a cycle, as AWS words it. */
export function dependencyGraph (resources: ReadonlyMap<string, ResourceDefinition>, isTrue?: (condition: string) => boolean): Graph {
  const graph = new Map([...resources].map(([logicalId, resource]) => {
    const names = [...referencesIn(partsOf(resource), isTrue)].filter(({ kind }) => kind === 'name').map(({ name }) => name)
    return [logicalId, new Set([...names, ...resource.dependsOn].filter(name => resources.has(name)))] as const
  }))
  const stuck = withoutOrder(graph)
  if (stuck.length > 0) throw invalid(`Circular dependency between resources: [${stuck.join(', ')}]`)
  return graph
}

/** The nodes that are in a cycle or only wait for one, found by taking away whatever waits for nothing. */
export function withoutOrder (graph: Graph): string[] {
  const left = new Set(graph.keys())
  let before
  do {
    before = left.size
    for (const node of left) {
      if (![...graph.get(node) ?? []].some(other => left.has(other))) left.delete(node)
    }
  } while (left.size < before)
  return [...left]
}

/** The same nodes the other way round, for deletion: each waits for those that depend on it. */
export function reversed (graph: Graph): Graph {
  const turned = new Map([...graph.keys()].map(node => [node, new Set<string>()]))
  for (const [node, before] of graph) {
    for (const other of before) turned.get(other)?.add(node)
  }
  return turned
}

/**
 * Visits every node after those that come before it, independent nodes at the same time. A visit that answers false
 * holds back what waits for it. Once `signal` is aborted no further visit starts, and those under way are not waited for.
 */
export async function visitInOrder (graph: Graph, visit: (node: string) => Promise<boolean>, signal: AbortSignal): Promise<void> {
  const visits = new Map<string, Promise<boolean>>()
  const visitOnce = (node: string): Promise<boolean> => {
    const known = visits.get(node)
    if (known) return known
    const started = (async () => {
      const ready = await Promise.all([...graph.get(node) ?? []].filter(other => graph.has(other)).map(visitOnce))
      if (!ready.every(Boolean) || signal.aborted) return false
      const mayGoOn = await visit(node)
      // Templates leave out a DependsOn that never matters on AWS, as what has no dependencies is long done there.
      await new Promise(setImmediate)
      return mayGoOn
    })()
    visits.set(node, started)
    return started
  }
  const aborted = new Promise<void>(resolve => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => { resolve() }, { once: true })
  })
  const all = Promise.all([...graph.keys()].map(visitOnce))
  await Promise.race([all, aborted])
}
