import { AwsError } from '../../aws.js'

/** The code of nearly every refusal of CloudFormation. */
export function invalid (message: string): AwsError {
  return new AwsError('ValidationError', message)
}

export function malformed (message: string): AwsError {
  return invalid(`Template format error: ${message}`)
}
