import type { Unheeded } from '../unheeded.js'

export const unheeded: Unheeded = {
  code: 'ValidationError',
  rows: [
    { members: ['ResourcesToImport.ResourceIdentifier'], idle: 'Imports are refused as a whole.' },
    { members: ['RollbackConfiguration.MonitoringTimeInMinutes'], harmless: [0] },
    { members: ['CallAs'], harmless: ['SELF'] },
    { members: ['DeploymentMode', 'DisableValidation', 'ForceRollback', 'StackPolicyDuringUpdateBody', 'StackPolicyDuringUpdateURL'] },
    { members: ['StackSetName', 'TemplateSummaryConfig'] }
  ]
}
