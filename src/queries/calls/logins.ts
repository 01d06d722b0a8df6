import { DataApiFailure, type DataApi, type DataTarget } from '../../aws/data-api.js'
import { AwsFailure } from '../../aws/errors.js'
import { Problem } from '../../problems.js'

/** Class 28 of SQLSTATE: the login failed, which is between the secret and the database. */
export const INVALID_LOGIN = /^28/

/**
 * The Data API, which goes on while a password is rotated: a login that the database refuses may have met it between having its new
 * password and the secret saying so. The rotation is ended then, also one whose replica died, and the call made once more. A
 * statement that could not log in has not begun. `Target` is what every statement is sent to.
 */
export function finishRotations<Target extends DataTarget> (dataApi: DataApi, finish: (target: Target) => Promise<unknown>): DataApi {
  const again = async <T>(target: DataTarget, call: () => Promise<T>): Promise<T> => {
    try {
      return await call()
    } catch (error) {
      if (!isInvalidLogin(error)) throw error
      await finish(target as Target).catch((reason: unknown) => {
        // What keeps the rotation from ending is not what the caller asked about.
        throw reason instanceof Problem || reason instanceof AwsFailure ? error : reason
      })
      return await call()
    }
  }
  // Whatever else there is happens in a transaction, which has logged in.
  return {
    ...dataApi,
    execute: async (target, sql, args, options) => await again(target, async () => await dataApi.execute(target, sql, args, options)),
    begin: async (target, signal) => await again(target, async () => await dataApi.begin(target, signal))
  }
}

function isInvalidLogin (error: unknown): boolean {
  return error instanceof DataApiFailure && error.kind === 'sql' && INVALID_LOGIN.test(error.sql?.sqlState ?? '')
}
