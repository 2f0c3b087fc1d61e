import { schemaBuilder } from '../schema-builder.ts'
import { ApprovalObjectType, ClarificationObjectType } from '../object-refs.ts'
import { idempotencyKeyArgs } from '../idempotency/idempotency-key-argument.ts'
import { reloadRecord, createIdempotentResolver } from '../idempotency/idempotent-mutation.ts'
import { ApprovalDecisionEnum } from './decision-enums.ts'

schemaBuilder.mutationFields((t) => ({
  answerApproval: t.field({
    type: ApprovalObjectType,
    nullable: true,
    description:
      'Approves or denies a tool call. With SESSION and ALWAYS, the calls of the tool that the decision covers and that wait already run as well, see `Approval.releasedBy`. The error is STALE if the approval has already been resolved.',
    args: {
      id: t.arg.id({ required: true, description: 'The id of the approval.' }),
      decision: t.arg({
        type: ApprovalDecisionEnum,
        required: true,
        description: 'The decision: one of the `choices` of the approval.',
      }),
      reason: t.arg.string({
        description: 'A note of up to 10,000 characters, which the model is told, whatever the decision is.',
      }),
      arguments: t.arg({
        type: 'JSON',
        description:
          "An object that the tool runs with, in place of the model's arguments: exactly this is what runs. The error is BAD_USER_INPUT if the tool's schema does not allow it, and with DENY. Other calls that the decision covers run with their own arguments.",
      }),
      pattern: t.arg({
        type: 'JSON',
        description:
          'With SESSION and ALWAYS: an object that narrows them to calls with such arguments, see `ApprovalRule.pattern`. This call runs in any case. An empty object is the same as leaving it out. The error is BAD_USER_INPUT with any other decision, and above 10,000 characters.',
      }),
      ...idempotencyKeyArgs,
    },
    resolve: createIdempotentResolver({
      keySpace: ({ id }) => ({ type: 'Approval', ids: [id] }),
      execute: ({ id, decision, reason, arguments: changed, pattern }, { profile, key }) =>
        profile.chats.decisions.answerApproval(id, decision, { reason, arguments: changed, pattern }, key),
      reload: ({ id }, _, scope) => reloadRecord('Approval', id, scope),
    }),
  }),
}))

schemaBuilder.mutationFields((t) => ({
  answerClarification: t.field({
    type: ClarificationObjectType,
    nullable: true,
    description:
      'Answers a question, with exactly one of `answer`, `values` and `decline: true`. The error is STALE if the clarification has already been resolved.',
    args: {
      id: t.arg.id({ required: true, description: 'The id of the clarification.' }),
      answer: t.arg.string({
        description:
          'The answer to a question without a form: one of the `choices` or any other text of up to 100,000 characters, not blank.',
      }),
      values: t.arg({
        type: 'JSON',
        description:
          'The values of a form, as one object. The error is BAD_USER_INPUT if the `form` does not allow them, and without a form.',
      }),
      decline: t.arg.boolean({ defaultValue: false, description: 'Declines to answer. The agent goes on without it.' }),
      ...idempotencyKeyArgs,
    },
    resolve: createIdempotentResolver({
      keySpace: ({ id }) => ({ type: 'Clarification', ids: [id] }),
      execute: ({ id, answer, values, decline }, { profile, key }) =>
        profile.chats.decisions.answerClarification(id, { answer, values, decline }, key),
      reload: ({ id }, _, scope) => reloadRecord('Clarification', id, scope),
    }),
  }),
}))
