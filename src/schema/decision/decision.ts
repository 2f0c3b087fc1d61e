import type { Decisions } from '../../chat/decisions/decision-service.ts'
import { notFound } from '../../lib/errors.ts'
import { profileName } from '../../profiles/profile-name.ts'
import type { DecisionRecord, StreamRecord, ToolCall } from '../../model/records.ts'
import { builder } from '../builder.ts'
import type { Context } from '../context.ts'
import { ApprovalDecisionEnum, DecisionStateEnum } from '../enums.ts'
import { ToolCallType } from '../chat/message.ts'
import { ApprovalType, ClarificationType, SessionType, StreamType } from '../object-refs.ts'
import { sessionOf } from '../session/session.ts'

const requestedAt = 'When a person was asked.'
const expiresAt = 'When it is settled by itself, as a no.'
const resolvedAt = 'When it was settled.'
const session = 'The session in which it was asked.'
const stream = 'The stream that waits, or waited.'

ApprovalType.implement({
  description: 'A tool call that a person is asked to allow.',
  interfaces: [builder.nodeInterfaceRef()],
  fields: (t) => ({
    id: t.exposeID('id', { description: 'apr_…' }),
    session: t.field({
      type: SessionType,
      description: session,
      resolve: (of, _, context) => sessionOf(of.sessionId, context),
    }),
    stream: t.field({
      type: StreamType,
      description: stream,
      resolve: (of, _, context) => streamOf(of, context),
    }),
    toolCall: t.field({
      type: ToolCallType,
      description: 'The call as it is now.',
      resolve: (of, _, context) => callOf(of, context),
    }),
    description: t.exposeString('description', { description: 'What is to be done, in a sentence for people.' }),
    choices: t.field({
      type: [ApprovalDecisionEnum],
      description: 'What can be answered.',
      resolve: ({ choices }) => [...choices],
    }),
    state: t.expose('state', { type: DecisionStateEnum, description: 'Whether it waits.' }),
    decision: t.expose('decision', {
      type: ApprovalDecisionEnum,
      nullable: true,
      description: 'What a person answered. Null while it waits, and when nobody answered.',
    }),
    requestedAt: t.expose('requestedAt', { type: 'DateTime', description: requestedAt }),
    expiresAt: t.expose('expiresAt', { type: 'DateTime', nullable: true, description: expiresAt }),
    resolvedAt: t.expose('resolvedAt', { type: 'DateTime', nullable: true, description: resolvedAt }),
  }),
})

ClarificationType.implement({
  description: 'A question that the agent asks a person. The answer is the result of its tool call.',
  interfaces: [builder.nodeInterfaceRef()],
  fields: (t) => ({
    id: t.exposeID('id', { description: 'clr_…' }),
    session: t.field({
      type: SessionType,
      description: session,
      resolve: (of, _, context) => sessionOf(of.sessionId, context),
    }),
    stream: t.field({
      type: StreamType,
      description: stream,
      resolve: (of, _, context) => streamOf(of, context),
    }),
    toolCall: t.field({
      type: ToolCallType,
      description: 'The call by which it was asked, as it is now.',
      resolve: (of, _, context) => callOf(of, context),
    }),
    question: t.exposeString('question', { description: 'What the agent wants to know.' }),
    choices: t.stringList({
      description: 'Answers that it offers. Any other is as good.',
      resolve: ({ choices }) => [...choices],
    }),
    state: t.expose('state', { type: DecisionStateEnum, description: 'Whether it waits.' }),
    answer: t.exposeString('answer', { nullable: true, description: 'What a person answered.' }),
    requestedAt: t.expose('requestedAt', { type: 'DateTime', description: requestedAt }),
    expiresAt: t.expose('expiresAt', { type: 'DateTime', nullable: true, description: expiresAt }),
    resolvedAt: t.expose('resolvedAt', { type: 'DateTime', nullable: true, description: resolvedAt }),
  }),
})

const profile = 'The profile; default when it is left out.'
const pending = 'true: those that wait. false: those that do not, the newest 1,000. null: of both.'

builder.queryFields((t) => ({
  approvals: t.field({
    type: [ApprovalType],
    description: 'Tool calls that a person is, or was, asked to allow; in the order in which they last changed.',
    args: {
      profile: t.arg.string({ description: profile }),
      pending: t.arg.boolean({ defaultValue: true, description: pending }),
    },
    resolve: async (_, args, context) =>
      (await decisionsOf(args.profile, context))?.list('approval', which(args.pending)) ?? [],
  }),
  clarifications: t.field({
    type: [ClarificationType],
    description: 'Questions that a person is, or was, asked; in the order in which they last changed.',
    args: {
      profile: t.arg.string({ description: profile }),
      pending: t.arg.boolean({ defaultValue: true, description: pending }),
    },
    resolve: async (_, args, context) =>
      (await decisionsOf(args.profile, context))?.list('clarification', which(args.pending)) ?? [],
  }),
}))

builder.mutationFields((t) => ({
  answerApproval: t.field({
    type: ApprovalType,
    description: 'Allows a tool call, or does not. STALE when it does not wait any more.',
    args: {
      id: t.arg.id({ required: true, description: 'apr_…' }),
      decision: t.arg({ type: ApprovalDecisionEnum, required: true, description: 'What is allowed.' }),
    },
    resolve: async (_, { id, decision }, { scopes }) =>
      (await scopes.having('approval', id)).chats.decisions.answerApproval(id, decision),
  }),
  answerClarification: t.field({
    type: ClarificationType,
    description: 'Answers a question. STALE when it does not wait any more.',
    args: {
      id: t.arg.id({ required: true, description: 'clr_…' }),
      answer: t.arg.string({
        required: true,
        description: 'One of its choices or anything else: up to 100,000 characters, not blank.',
      }),
    },
    resolve: async (_, { id, answer }, { scopes }) =>
      (await scopes.having('clarification', id)).chats.decisions.answerClarification(id, answer),
  }),
}))

builder.subscriptionFields((t) => ({
  approvals: t.field({
    type: ApprovalType,
    description: 'Every approval that waits at the start, then each one that changes. Does not end by itself.',
    args: { profile: t.arg.string({ description: profile }) },
    subscribe: async (_, args, context) => (await followed(args.profile, context)).follow('approval'),
    resolve: (approval) => approval,
  }),
  clarifications: t.field({
    type: ClarificationType,
    description: 'Every question that waits at the start, then each one that changes. Does not end by itself.',
    args: { profile: t.arg.string({ description: profile }) },
    subscribe: async (_, args, context) => (await followed(args.profile, context)).follow('clarification'),
    resolve: (clarification) => clarification,
  }),
}))

/** Null where there is nothing of a profile: it reads as an empty one. Throws BAD_USER_INPUT for what is no name. */
async function decisionsOf(given: string | null | undefined, { scopes }: Context): Promise<Decisions | null> {
  return (await scopes.of(profileName(given, 'profile')))?.chats.decisions ?? null
}

/** What is to come of a profile, even where there is nothing of it yet. */
async function followed(given: string | null | undefined, { scopes }: Context): Promise<Decisions> {
  return (await scopes.make(profileName(given, 'profile'))).chats.decisions
}

function which(wanted: boolean | null | undefined): { readonly pending?: boolean } {
  return typeof wanted === 'boolean' ? { pending: wanted } : {}
}

/** The call as it is in its message; as it was when it began to wait, until that can be read. */
async function callOf(decision: DecisionRecord, { scopes }: Context): Promise<ToolCall> {
  const { chats } = await scopes.ofSession(decision.sessionId)
  const message = await chats.transcripts.message(decision.messageId)
  const part = message?.parts[decision.partIndex]
  return part?.type === 'tool' ? part.call : decision.toolCall
}

async function streamOf({ streamId, sessionId }: DecisionRecord, { scopes }: Context): Promise<StreamRecord> {
  const found = await (await scopes.ofSession(sessionId)).chats.stream(streamId)
  if (!found) throw notFound('stream', streamId)
  return found
}
