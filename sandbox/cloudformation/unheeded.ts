import type { Unheeded } from '../unheeded.js'

export const unheeded: Unheeded = {
  code: 'ValidationError',
  rows: [
    { members: ['StackPolicyBody', 'StackPolicyURL', 'StackPolicyDuringUpdateBody', 'StackPolicyDuringUpdateURL', 'RollbackConfiguration.RollbackTriggers'] },
    { members: ['RollbackConfiguration.MonitoringTimeInMinutes'], harmless: [0] },
    { members: ['DeploymentConfig.Mode'], harmless: ['STANDARD'] },
    { members: ['DeploymentConfig.DisableRollback'], of: ['DeleteStack', 'RollbackStack'] },
    { members: ['ResourcesToImport', 'ImportExistingResources', 'DeploymentMode'] },
    { members: ['StackSetName', 'TemplateSummaryConfig'] },
    { members: ['CallAs'], harmless: ['SELF'] },
    { members: ['ChangeSetName'], of: ['DescribeEvents'] },
    { members: ['TemplateURL'], refusal: ['ValidationError', () => 'TemplateURL is not available in the sandbox, which has no S3. Pass the template as TemplateBody.'] },
    { members: ['DisableValidation'], idle: 'What AWS checks ahead of a deployment is found out in the deployment here.' },
    { members: ['RoleARN'], of: ['DeleteStack', 'RollbackStack', 'ContinueUpdateRollback'], idle: 'Nobody lacks a right here.' },
    { members: ['Parameters.ResolvedValue'], idle: 'AWS takes none either: it is for answers.' }
  ]
}
