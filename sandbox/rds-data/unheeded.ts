import type { Unheeded } from '../unheeded.js'

export const unheeded: Unheeded = {
  code: 'ValidationException',
  rows: [
    { members: ['parameters.value.arrayValue.arrayValues', 'parameterSets.value.arrayValue.arrayValues'], idle: 'Arrays are refused as a whole.' }
  ]
}
