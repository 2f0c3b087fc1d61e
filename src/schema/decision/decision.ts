import type { DecisionRecord } from '../../model/decision.ts'
import { schemaBuilder } from '../schema-builder.ts'
import { loadToolCall, ToolCallType } from '../chat/tool-call.ts'
import { ApprovalObjectType, ClarificationObjectType, SessionObjectType, StreamObjectType } from '../object-refs.ts'
import { ApprovalDecisionEnum, DecisionStateEnum } from './decision-enums.ts'

ApprovalObjectType.implement({
  description:
    'A request to approve a tool call. The stream waits until a user answers with `answerApproval`, or until the request expires.',
  interfaces: [schemaBuilder.nodeInterfaceRef()],
  fields: (t) => ({
    id: t.exposeID('id', { description: 'The id of the approval: `apr_…`.' }),
    description: t.exposeString('description', { description: 'What the tool is going to do, as a sentence.' }),
    choices: t.field({
      type: [ApprovalDecisionEnum],
      description: 'The decisions that `answerApproval` accepts.',
      resolve: ({ choices }) => [...choices],
    }),
    decision: t.expose('decision', {
      type: ApprovalDecisionEnum,
      nullable: true,
      description: 'The decision of the user. Null unless `state` is ANSWERED.',
    }),
    reason: t.string({
      nullable: true,
      description: 'The note that the user added. The model is told. Null if there is none.',
      resolve: ({ reason }) => reason ?? null,
    }),
    arguments: t.field({
      type: 'JSON',
      nullable: true,
      description:
        "What the tool runs with, if the user changed the model's arguments. Null if it runs with `toolCall.arguments`, or not at all.",
      resolve: ({ arguments: changed }) => changed ?? null,
    }),
    pattern: t.field({
      type: 'JSON',
      nullable: true,
      description:
        'With SESSION and ALWAYS: the arguments of the calls that the answer allows from then on. Null: any.',
      resolve: ({ pattern }) => pattern ?? null,
    }),
    releasedBy: t.field({
      type: ApprovalObjectType,
      nullable: true,
      description:
        'The approval whose SESSION or ALWAYS covered this call as well: it settled this approval, with the same decision, and the tool runs with its own arguments. Null if this approval was answered itself or not at all, and once the other one was deleted.',
      resolve: ({ releasedBy }, _, { profiles }) =>
        releasedBy === undefined ? null : profiles.find('Approval', releasedBy),
    }),
  }),
})

ClarificationObjectType.implement({
  description:
    'A question of the agent to the user. The stream waits until a user answers with `answerClarification`, or until the question expires. The answer of a question of the model becomes the result of the tool call. A question of a tool that runs, such as the elicitation of an MCP server, is answered to the tool, and its call goes on running. If the question shows a URL, open it only if you trust it: Segue opens none.',
  interfaces: [schemaBuilder.nodeInterfaceRef()],
  fields: (t) => ({
    id: t.exposeID('id', { description: 'The id of the clarification: `clr_…`.' }),
    question: t.exposeString('question', { description: 'The question.' }),
    choices: t.stringList({
      description: 'Answers that the agent suggests. Other answers are accepted as well. Empty if there are none.',
      resolve: ({ choices }) => [...choices],
    }),
    form: t.field({
      type: 'JSON',
      nullable: true,
      description:
        'The JSON Schema of the values that are asked for, of type object: a tool asks while it runs, as MCP servers do by elicitation. Answer with `values`. Null for a question that is answered by a text.',
      resolve: ({ form }) => form ?? null,
    }),
    answer: t.exposeString('answer', {
      nullable: true,
      description:
        'The answer of the user; of a form, its values as JSON text. Null unless `state` is ANSWERED, and if the user declined.',
    }),
    declined: t.boolean({
      description: 'Whether the user declined to answer. `state` is ANSWERED then.',
      resolve: ({ declined }) => declined ?? false,
    }),
  }),
})

for (const type of [ApprovalObjectType, ClarificationObjectType]) {
  schemaBuilder.objectFields(type, (t) => ({
    session: t.field({
      type: SessionObjectType,
      description: 'The session of the stream that waits.',
      resolve: ({ sessionId }, _, { profiles }) => profiles.requireSession(sessionId),
    }),
    stream: t.field({
      type: StreamObjectType,
      description: 'The stream that waits, or that waited.',
      resolve: ({ streamId, sessionId }, _, { profiles }) => profiles.requireStream(streamId, sessionId),
    }),
    toolCall: t.field({
      type: ToolCallType,
      description: 'The current state of the tool call that waits, or that waited.',
      resolve: (decision: DecisionRecord, _, context) => loadToolCall(decision, context),
    }),
    state: t.field({
      type: DecisionStateEnum,
      description: 'Whether the request is pending, and how it was resolved.',
      resolve: ({ state }) => state,
    }),
    requestedAt: t.field({
      type: 'DateTime',
      description: 'The time of the request.',
      resolve: ({ requestedAt }) => requestedAt,
    }),
    expiresAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'The time at which the request expires. Null if it never does.',
      resolve: ({ expiresAt }) => expiresAt,
    }),
    resolvedAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'The time at which the request was resolved. Null while it is pending.',
      resolve: ({ resolvedAt }) => resolvedAt,
    }),
  }))
}
