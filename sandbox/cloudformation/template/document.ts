import { Composer, type CST, isAlias, isMap, isScalar, isSeq, LineCounter, type ParsedNode, Parser, Scalar } from 'yaml'
import { malformed, invalid, unknownTransform } from './errors.js'
import { functions, splitAttribute } from './functions.js'
import { type Json, type JsonObject, isObject } from './json.js'

const DEEPEST = 100

/**
 * The value that a template's text stands for, short forms such as `!Ref` written out. Throws a ValidationError with
 * line and column. YAML aliases are refused, as on AWS, so a small text can not stand for a huge value.
 */
export function readDocument (text: string): JsonObject {
  const body = text.replace(/^\ufeff/, '')
  const value = body.trimStart().startsWith('{') ? readJson(body) : readYaml(body)
  if (!isObject(value)) throw malformed('unsupported structure.')
  refuseUnreadable(value, '', 0)
  return value
}

function readJson (body: string): Json {
  try {
    return JSON.parse(body) as Json
  } catch (error) {
    const offset = Number(/position (\d+)/.exec(String(error))?.[1] ?? body.length)
    const before = body.slice(0, offset).split('\n')
    // AWS counts the character that is wrong as read (LocalStack's recordings, `test_validate_invalid_json_template_should_fail`).
    const column = (before.at(-1)?.length ?? 0) + (offset < body.length ? 2 : 1)
    throw malformed(`JSON not well-formed. (line ${before.length}, column ${column})`)
  }
}

/** What composes a document recurses once per level, so that a few kilobytes of brackets or dashes would exhaust the stack; this comes before it, and does not. */
class BoundedParser extends Parser {
  override * next (lexeme: string): Generator<CST.Token, void> {
    yield * super.next(lexeme)
    if (this.stack.length > DEEPEST + 3) throw tooDeep()
  }
}

function readYaml (body: string): Json {
  const lines = new LineCounter()
  const tokens = new BoundedParser(lines.addNewLine).parse(body)
  const [document, second] = new Composer({ schema: 'failsafe' }).compose(tokens, true, body.length)
  const wrong = document?.errors[0]?.pos[0] ?? second?.range[0]
  if (wrong !== undefined) throw notWellFormed(lines, wrong)
  return document?.contents ? valueOf(document.contents, lines) : null
}

function valueOf (node: ParsedNode, lines: LineCounter): Json {
  const value = untaggedValueOf(node, lines)
  const tag = node.tag
  if (!tag?.startsWith('!')) return value
  const call = writeOut(tag.slice(1), value)
  if (!call) throw notWellFormed(lines, node.range[0])
  return call
}

function untaggedValueOf (node: ParsedNode, lines: LineCounter): Json {
  if (isAlias(node)) throw invalid('Template error: YAML aliases are not allowed in CloudFormation templates')
  if (isSeq<ParsedNode>(node)) return node.items.map(item => valueOf(item, lines))
  if (isMap<ParsedNode, ParsedNode | null>(node)) {
    return Object.fromEntries(node.items.map(({ key, value }) => {
      if (!isScalar(key)) throw notWellFormed(lines, key.range[0])
      return [String(key.value), value === null ? null : valueOf(value, lines)]
    }))
  }
  return scalarOf(node)
}

/**
 * What a text without quotes stands for in YAML 1.1, which is the version that AWS reads ("Template formats",
 * CloudFormation User Guide): `yes` is true, and `012345678901` a text. Keys are texts, whatever they look like.
 */
const plainScalars: ReadonlyArray<readonly [RegExp, (text: string) => Json]> = [
  [/^(~|null|Null|NULL|)$/, () => null],
  [/^(yes|Yes|YES|true|True|TRUE|on|On|ON)$/, () => true],
  [/^(no|No|NO|false|False|FALSE|off|Off|OFF)$/, () => false],
  [/^[-+]?(0|[1-9][0-9]*)$/, Number],
  [/^0[0-7]+$/, text => Number.parseInt(text, 8)],
  [/^0x[0-9a-fA-F]+$/, Number],
  [/^[-+]?([0-9]+\.[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?$/, Number]
]

function scalarOf (node: Scalar.Parsed): Json {
  const text = String(node.value ?? '')
  if (node.type !== Scalar.PLAIN || node.tag) return text
  const found = plainScalars.find(([pattern]) => pattern.test(text))
  const value = found ? found[1](text) : text
  return typeof value === 'number' && !Number.isSafeInteger(value) && Number.isInteger(value) ? text : value
}

function writeOut (name: string, value: Json): JsonObject | undefined {
  if (name === 'Ref' || name === 'Condition') return { [name]: value }
  if (name === 'GetAtt') return { 'Fn::GetAtt': typeof value === 'string' ? splitAttribute(value) : value }
  return name === 'Transform' || Object.hasOwn(functions, `Fn::${name}`) ? { [`Fn::${name}`]: value } : undefined
}

function refuseUnreadable (value: Json, path: string, depth: number): void {
  if (depth > DEEPEST) throw tooDeep()
  if (value === null) throw invalid(`[${path}] 'null' values are not allowed in templates`)
  if (typeof value !== 'object') return
  for (const [key, item] of Object.entries(value)) {
    if (key === 'Fn::Transform') throw unknownTransform(isObject(item) ? item.Name : item)
    refuseUnreadable(item, `${path}/${key}`, depth + 1)
  }
}

function notWellFormed (lines: LineCounter, offset: number): Error {
  const { line, col } = lines.linePos(offset)
  return malformed(`YAML not well-formed. (line ${line}, column ${col})`)
}

function tooDeep (): Error {
  return malformed(`the template is nested more than ${DEEPEST} levels deep.`)
}
