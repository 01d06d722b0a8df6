import { createHash } from 'node:crypto'

import type { Database } from '../src/databases/database.js'
import type { Precondition } from '../src/databases/deletion/delete.js'
import { Problem } from '../src/problems.js'

/**
 * A strong entity tag of a database: the same for the same answer, on every replica. What pauses and wakes by itself, and an estimate, which each
 * replica makes of what it has seen, stand behind a dot, where {@link isMatchedBy} looks past them.
 */
export function tagOf (database: Database): string {
  const { compute, operation } = database
  const estimate = operation?.progress.estimatedReadyAt?.getTime()
  const passing = [...compute ? [compute.state, compute.capacityAcu] : [], ...estimate ? [estimate] : []].join('-')
  return `"${hashOf(database)}${passing && `.${passing}`}"`
}

function hashOf ({ compute: _, operation, ...rest }: Database): string {
  const lasting = operation && { ...operation, progress: { ...operation.progress, estimatedReadyAt: null } }
  return createHash('sha256').update(JSON.stringify([rest, lasting])).digest('base64url').slice(0, 27)
}

/**
 * Whether an `If-Match` names a database's tag, compared strongly: a weak one is not enough to change something on (RFC 9110, 13.1.1).
 * That the database has paused since is no reason not to change it, nor is an estimate of another replica's.
 */
export function isMatchedBy (ifMatch: string, database: Database): boolean {
  const tag = `"${hashOf(database)}"`
  return listOf(ifMatch).some(each => each === '*' || each.replace(/\.[^"]*"$/, '"') === tag)
}

/** Holds a request against its `If-Match`: what is to be done with a database is done to it as the caller has seen it. Throws `precondition-failed`. */
export function preconditionOf (ifMatch: string | undefined): Precondition {
  return {
    name: ifMatch ?? '',
    assert: database => {
      if (ifMatch !== undefined && !isMatchedBy(ifMatch, database)) {
        throw new Problem('precondition-failed', `${database.id} is no longer as If-Match has it.`)
      }
    }
  }
}

/** Whether an `If-None-Match` names the tag, compared weakly: a proxy that compresses makes it a weak one (RFC 9110, 13.1.2). */
export function isNoneMatchedBy (ifNoneMatch: string, tag: string): boolean {
  return listOf(ifNoneMatch).some(each => each === '*' || each.replace(/^W\//, '') === tag)
}

function listOf (header: string): string[] {
  return header.split(',').map(each => each.trim())
}
