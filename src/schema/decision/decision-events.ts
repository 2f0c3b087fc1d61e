import { ChatEventInterface, type ChatEventOfType } from '../chat/chat-event.ts'
import { ApprovalObjectType, ClarificationObjectType } from '../object-refs.ts'
import { schemaBuilder } from '../schema-builder.ts'
import { ApprovalDecisionEnum, DecisionStateEnum } from './decision-enums.ts'
import { loadCurrentDecision } from './load-current-decision.ts'

schemaBuilder.objectRef<ChatEventOfType<'ApprovalChanged'>>('ApprovalChanged').implement({
  description: 'An approval was requested or resolved.',
  interfaces: [ChatEventInterface],
  fields: (t) => ({
    state: t.field({
      type: DecisionStateEnum,
      description: 'The state of the approval as of this event.',
      resolve: ({ decision }) => decision.state,
    }),
    decision: t.field({
      type: ApprovalDecisionEnum,
      nullable: true,
      description: 'The decision of the user as of this event. Null unless `state` is ANSWERED.',
      resolve: ({ decision }) => decision.decision,
    }),
    approval: t.field({
      type: ApprovalObjectType,
      description: 'The approval as it is now.',
      resolve: ({ decision }, _, { profiles }) => loadCurrentDecision('Approval', decision, profiles),
    }),
  }),
})

schemaBuilder.objectRef<ChatEventOfType<'ClarificationChanged'>>('ClarificationChanged').implement({
  description: 'A clarification was requested or resolved.',
  interfaces: [ChatEventInterface],
  fields: (t) => ({
    state: t.field({
      type: DecisionStateEnum,
      description: 'The state of the clarification as of this event.',
      resolve: ({ decision }) => decision.state,
    }),
    answer: t.string({
      nullable: true,
      description:
        'The answer of the user as of this event; of a form, its values as JSON text. Null unless `state` is ANSWERED, and if the user declined.',
      resolve: ({ decision }) => decision.answer,
    }),
    clarification: t.field({
      type: ClarificationObjectType,
      description: 'The clarification as it is now.',
      resolve: ({ decision }, _, { profiles }) => loadCurrentDecision('Clarification', decision, profiles),
    }),
  }),
})
