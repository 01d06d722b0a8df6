import { invalid } from '../template/errors.js'

const PAGE = 100

export interface Page<T> {
  items: T[]
  NextToken: string | undefined
}

/**
 * A hundred items, from the one after that which `token` names. A token names the last item of the page before, so
 * that items which come in at the front between two calls change nothing.
 */
export function pageOf<T> (items: readonly T[], token: string | undefined, keyOf: (item: T) => string): Page<T> {
  const start = token === undefined ? 0 : items.findIndex(item => keyOf(item) === Buffer.from(token, 'base64url').toString()) + 1
  if (token !== undefined && start === 0) throw invalid('The specified NextToken is invalid.')
  const page = items.slice(start, start + PAGE)
  const last = page.at(-1)
  return { items: page, NextToken: last !== undefined && start + PAGE < items.length ? Buffer.from(keyOf(last)).toString('base64url') : undefined }
}
