import { ACCOUNT } from '../aws.js'
import type { Unheeded } from '../unheeded.js'

export const unheeded: Unheeded = {
  code: 'InvalidParameterValue',
  rows: [
    { members: ['LabelOptions'], idle: 'It is about the times in labels, and no label has one.' },
    { members: ['MetricDataQueries.AccountId', 'OwningAccount'], harmless: [ACCOUNT] },
    { members: ['IncludeLinkedAccounts'] }
  ]
}
