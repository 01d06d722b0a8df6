import type { Unheeded } from '../unheeded.js'

export const unheeded: Unheeded = {
  code: 'ValidationError',
  rows: [
    {
      members: ['ExternalId', 'Policy', 'PolicyArns', 'ProvidedContexts', 'ProviderId', 'SerialNumber', 'SourceIdentity', 'Tags', 'TokenCode', 'TransitiveTagKeys'],
      idle: 'They say who may do what, and here everybody may do everything.'
    },
    { members: ['MinimumSessionTokenSize'] }
  ]
}
