/** As much of it as is used here: the package has no types of its own. */
declare module 'negotiator' {
  import type { IncomingMessage } from 'node:http'

  export default class Negotiator {
    constructor (request: Pick<IncomingMessage, 'headers'>)
    /** The one of `available` that `Accept` likes best, the first of them where it likes several alike; undefined when it likes none. */
    mediaType (available: string[]): string | undefined
    /** The same for `Accept-Encoding`. */
    encoding (available: string[]): string | undefined
  }
}
