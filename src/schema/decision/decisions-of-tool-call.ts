import { ToolCallType } from '../chat/tool-call.ts'
import { ApprovalObjectType, ClarificationObjectType } from '../object-refs.ts'
import { schemaBuilder } from '../schema-builder.ts'

schemaBuilder.objectFields(ToolCallType, (t) => ({
  approval: t.field({
    type: ApprovalObjectType,
    nullable: true,
    description:
      'The approval that the call waits or waited for. Null if it needed none, and for a copy in a fork or a retry.',
    resolve: async ({ id, sessionId }, _, { profiles }) =>
      (await profiles.requireProfileOfSession(sessionId)).decisionLoader.loadApprovalOfToolCall(id),
  }),
  clarification: t.field({
    type: ClarificationObjectType,
    nullable: true,
    description:
      'The question that the call asks or asked the user; of several, the newest one. Null if it asked none, and for a copy in a fork or a retry.',
    resolve: async ({ id, sessionId }, _, { profiles }) =>
      (await profiles.requireProfileOfSession(sessionId)).decisionLoader.loadClarificationOfToolCall(id),
  }),
}))
