import { AwsError } from '../aws.js'
import type { Shape } from './schemas.js'
import { type Format, kindOf, readValue, scalarOf } from './values.js'

/** The keys `Tags.member.1.Key` of a form, split at their dots into a tree. */
interface Branch {
  value?: string
  branches: Map<string, Branch>
}

/** Far beyond any real request, and few enough that a form made of dots and ampersands costs little memory. */
const MOST_FIELDS = 20_000
const MOST_PARTS = 32

/**
 * Reads an AWS Query form into a structure of the model. Lists are `Name.member.1` or `Name.ItemName.1`, flattened ones
 * `Name.1`; maps are `Name.entry.1.key` and `.value`; an empty list is `Name=`. Unknown members are ignored; required ones
 * that are absent are added to `missing`.
 */
export function readForm (form: Iterable<[name: string, value: string]>, shape: Shape, missing: string[]): unknown {
  const root: Branch = { branches: new Map() }
  let fields = 0
  for (const [name, value] of form) {
    if (++fields > MOST_FIELDS) throw new AwsError('MalformedQueryString', `The request has more than ${MOST_FIELDS} parameters`)
    grow(root, name, value)
  }
  return readValue(format, missing, shape, root)
}

function grow (root: Branch, name: string, value: string): void {
  const parts = name.split('.', MOST_PARTS + 1)
  if (parts.length > MOST_PARTS) return
  let branch = root
  for (const part of parts) {
    const next = branch.branches.get(part) ?? { branches: new Map<string, Branch>() }
    branch.branches.set(part, next)
    branch = next
  }
  branch.value = value
}

const format: Format = {
  member: (branch, member, shape, path) => partsOf(branch, path).get(wireName(shape, member)),
  items: (branch, shape, path) => itemsOf(branch, shape, path, wireName(shape.getValueSchema(), 'member'), 'member'),
  entries: (branch, shape, path) => itemsOf(branch, shape, path, 'entry', 'entry').map(({ branches }) => [
    branches.get(wireName(shape.getKeySchema(), 'key'))?.value ?? '',
    branches.get(wireName(shape.getValueSchema(), 'value')) ?? { value: '', branches: new Map() }
  ]),
  scalar: (branch, shape, path) => {
    const { value = '' } = branch as Branch
    return scalarOf(shape, fromText(value, shape)) ?? refuse(`The value ${JSON.stringify(value.slice(0, 100))} of ${path} is not a valid ${kindOf(shape)}`)
  }
}

function wireName (shape: Shape, fallback: string): string {
  const { xmlName } = shape.getMergedTraits()
  return typeof xmlName === 'string' ? xmlName : fallback
}

/** The parts of a branch, which has no value of its own then. */
function partsOf (branch: unknown, path: string): Branch['branches'] {
  const { value, branches } = branch as Branch
  return value ? refuse(`${path} has parts, and is not to have a value`) : branches
}

/** The numbered branches in the order of their numbers, which is not always the order of arrival. */
function itemsOf (branch: unknown, shape: Shape, path: string, item: string, alternative: string): Branch[] {
  const parts = partsOf(branch, path)
  const list = shape.getMergedTraits().xmlFlattened ? parts : (parts.get(item) ?? parts.get(alternative))?.branches
  const items = [...list ?? parts]
  if (items.some(([index]) => !/^\d{1,9}$/.test(index))) refuse(`The items of ${path} are to be numbered, as in ${path}.${item}.1`)
  return items.sort(([a], [b]) => Number(a) - Number(b)).map(([, each]) => each)
}

/** What a text says where it is not to be a text. */
function fromText (text: string, shape: Shape): unknown {
  switch (kindOf(shape)) {
    case 'Boolean': return { true: true, false: false }[text.toLowerCase()]
    case 'Number': return /^[+-]?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(text) ? Number(text) : undefined
    case 'Timestamp': return /^\d+(\.\d+)?$/.test(text) ? Number(text) : text
    default: return text
  }
}

function refuse (message: string): never {
  throw new AwsError('MalformedInput', message)
}
