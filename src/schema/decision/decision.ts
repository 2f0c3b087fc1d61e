import type { DecisionService } from '../../chat/decisions/decision-service.ts'
import { notFound } from '../../lib/errors.ts'
import { parseProfileName } from '../../profiles/profile-name.ts'
import type { DecisionRecord } from '../../model/decision.ts'
import type { StreamRecord } from '../../model/stream.ts'
import type { ToolCall } from '../../model/message.ts'
import { builder } from '../builder.ts'
import type { Context } from '../context.ts'
import { ApprovalDecisionEnum, DecisionStateEnum } from '../enums.ts'
import { ToolCallType } from '../chat/message.ts'
import { ApprovalType, ClarificationType, SessionType, StreamType } from '../object-refs.ts'
import { requireSession } from '../session/session.ts'

const requestedAtDescription = 'When a person was asked.'
const expiresAtDescription = 'When it is settled by itself, as a no.'
const resolvedAtDescription = 'When it was settled.'
const sessionDescription = 'The session in which it was asked.'
const streamDescription = 'The stream that waits, or waited.'

ApprovalType.implement({
  description: 'A tool call that a person is asked to allow.',
  interfaces: [builder.nodeInterfaceRef()],
  fields: (t) => ({
    id: t.exposeID('id', { description: 'apr_…' }),
    session: t.field({
      type: SessionType,
      description: sessionDescription,
      resolve: (of, _, context) => requireSession(of.sessionId, context),
    }),
    stream: t.field({
      type: StreamType,
      description: streamDescription,
      resolve: (of, _, context) => requireStream(of, context),
    }),
    toolCall: t.field({
      type: ToolCallType,
      description: 'The call as it is now.',
      resolve: (of, _, context) => resolveToolCall(of, context),
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
    requestedAt: t.expose('requestedAt', { type: 'DateTime', description: requestedAtDescription }),
    expiresAt: t.expose('expiresAt', { type: 'DateTime', nullable: true, description: expiresAtDescription }),
    resolvedAt: t.expose('resolvedAt', { type: 'DateTime', nullable: true, description: resolvedAtDescription }),
  }),
})

ClarificationType.implement({
  description: 'A question that the agent asks a person. The answer is the result of its tool call.',
  interfaces: [builder.nodeInterfaceRef()],
  fields: (t) => ({
    id: t.exposeID('id', { description: 'clr_…' }),
    session: t.field({
      type: SessionType,
      description: sessionDescription,
      resolve: (of, _, context) => requireSession(of.sessionId, context),
    }),
    stream: t.field({
      type: StreamType,
      description: streamDescription,
      resolve: (of, _, context) => requireStream(of, context),
    }),
    toolCall: t.field({
      type: ToolCallType,
      description: 'The call by which it was asked, as it is now.',
      resolve: (of, _, context) => resolveToolCall(of, context),
    }),
    question: t.exposeString('question', { description: 'What the agent wants to know.' }),
    choices: t.stringList({
      description: 'Answers that it offers. Any other is as good.',
      resolve: ({ choices }) => [...choices],
    }),
    state: t.expose('state', { type: DecisionStateEnum, description: 'Whether it waits.' }),
    answer: t.exposeString('answer', { nullable: true, description: 'What a person answered.' }),
    requestedAt: t.expose('requestedAt', { type: 'DateTime', description: requestedAtDescription }),
    expiresAt: t.expose('expiresAt', { type: 'DateTime', nullable: true, description: expiresAtDescription }),
    resolvedAt: t.expose('resolvedAt', { type: 'DateTime', nullable: true, description: resolvedAtDescription }),
  }),
})

const profileDescription = 'The profile; default when it is left out.'
const pendingDescription = 'true: those that wait. false: those that do not, the newest 1,000. null: of both.'

builder.queryFields((t) => ({
  approvals: t.field({
    type: [ApprovalType],
    description: 'Tool calls that a person is, or was, asked to allow; in the order in which they last changed.',
    args: {
      profile: t.arg.string({ description: profileDescription }),
      pending: t.arg.boolean({ defaultValue: true, description: pendingDescription }),
    },
    resolve: async (_, args, context) =>
      (await findDecisions(args.profile, context))?.list('approval', toPendingFilter(args.pending)) ?? [],
  }),
  clarifications: t.field({
    type: [ClarificationType],
    description: 'Questions that a person is, or was, asked; in the order in which they last changed.',
    args: {
      profile: t.arg.string({ description: profileDescription }),
      pending: t.arg.boolean({ defaultValue: true, description: pendingDescription }),
    },
    resolve: async (_, args, context) =>
      (await findDecisions(args.profile, context))?.list('clarification', toPendingFilter(args.pending)) ?? [],
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
    resolve: async (_, { id, decision }, { profiles }) =>
      (await profiles.requireProfileOwning('Approval', id)).chats.decisions.answerApproval(id, decision),
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
    resolve: async (_, { id, answer }, { profiles }) =>
      (await profiles.requireProfileOwning('Clarification', id)).chats.decisions.answerClarification(id, answer),
  }),
}))

builder.subscriptionFields((t) => ({
  approvals: t.field({
    type: ApprovalType,
    description: 'Every approval that waits at the start, then each one that changes. Does not end by itself.',
    args: { profile: t.arg.string({ description: profileDescription }) },
    subscribe: (_, args, { profiles }) =>
      profiles.subscribe(parseProfileName(args.profile, 'profile'), ({ chats }) =>
        chats.decisions.subscribe('approval'),
      ),
    resolve: (approval) => approval,
  }),
  clarifications: t.field({
    type: ClarificationType,
    description: 'Every question that waits at the start, then each one that changes. Does not end by itself.',
    args: { profile: t.arg.string({ description: profileDescription }) },
    subscribe: (_, args, { profiles }) =>
      profiles.subscribe(parseProfileName(args.profile, 'profile'), ({ chats }) =>
        chats.decisions.subscribe('clarification'),
      ),
    resolve: (clarification) => clarification,
  }),
}))

/** Null where there is nothing of a profile: it reads as an empty one. Throws BAD_USER_INPUT for what is no name. */
async function findDecisions(name: string | null | undefined, { profiles }: Context): Promise<DecisionService | null> {
  return (await profiles.findProfile(parseProfileName(name, 'profile')))?.chats.decisions ?? null
}

function toPendingFilter(isPending: boolean | null | undefined): { readonly isPending?: boolean } {
  return typeof isPending === 'boolean' ? { isPending } : {}
}

/** The call as it is in its message; as it was when it began to wait, until that can be read. */
async function resolveToolCall(decision: DecisionRecord, { profiles }: Context): Promise<ToolCall> {
  const { chatLoader } = await profiles.requireProfileOfSession(decision.sessionId)
  const message = await chatLoader.loadMessage(decision.messageId)
  const part = message?.parts[decision.partIndex]
  return part?.type === 'tool' ? part.call : decision.toolCall
}

async function requireStream({ streamId, sessionId }: DecisionRecord, { profiles }: Context): Promise<StreamRecord> {
  const found = await (await profiles.requireProfileOfSession(sessionId)).chatLoader.loadStream(streamId)
  if (!found) throw notFound('stream', streamId)
  return found
}
