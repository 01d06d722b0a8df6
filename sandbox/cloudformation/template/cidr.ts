import { isIPv4, isIPv6 } from 'node:net'
import { invalid } from './errors.js'

interface Block { base: bigint, width: 32 | 128, prefix: number }

/**
 * The first `count` blocks with `bits` host bits inside an address block, as `Fn::Cidr` gives them. Throws a
 * ValidationError when they do not fit.
 */
export function splitBlock (text: string, count: number, bits: number): string[] {
  const block = parseBlock(text)
  const room = block ? block.width - block.prefix - bits : -1
  const isCount = Number.isInteger(count) && count >= 1 && count <= 256
  const isBits = Number.isInteger(bits) && bits >= 1
  if (!block || !isCount || !isBits || room < 0 || 2 ** room < count) {
    throw invalid(`Template error: Fn::Cidr can not make ${count} blocks with ${bits} subnet bits out of ${text}`)
  }
  const { base, width } = block
  return Array.from({ length: count }, (_, index) =>
    `${formatAddress(base + (BigInt(index) << BigInt(bits)), width)}/${width - bits}`)
}

/** The parts of `address/prefix`; undefined for what is no address block. */
export function parseBlock (text: string): Block | undefined {
  const [, address = '', suffix] = /^([^/]*)\/(\d+)$/.exec(text) ?? []
  const width = isIPv4(address) ? 32 : isIPv6(address) ? 128 : undefined
  const prefix = Number(suffix)
  if (!width || prefix > width) return undefined
  const hostBits = BigInt(width - prefix)
  return { base: (parseAddress(address, width) >> hostBits) << hostBits, width, prefix }
}

function parseAddress (address: string, width: 32 | 128): bigint {
  if (width === 32) return address.split('.').reduce((sum, part) => sum * 256n + BigInt(part), 0n)
  const [head = '', tail] = address.split('::')
  const groups = (text: string | undefined): string[] => text ? text.split(':') : []
  const [front, back] = [groups(head), groups(tail)]
  const middle = tail === undefined ? [] : Array<string>(Math.max(0, 8 - front.length - back.length)).fill('0')
  return [...front, ...middle, ...back].reduce((sum, part) => sum * 65536n + BigInt(`0x${part}`), 0n)
}

function formatAddress (address: bigint, width: 32 | 128): string {
  if (width === 32) return [24n, 16n, 8n, 0n].map(shift => (address >> shift) & 255n).join('.')
  const groups = Array.from({ length: 8 }, (_, index) => ((address >> BigInt(112 - 16 * index)) & 65535n).toString(16))
  return groups.join(':').replace(/(^|:)0(:0)+(:|$)/, '::')
}
