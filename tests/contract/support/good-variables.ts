import { followStream, isEventOfType, startChat } from './chat.ts'
import { ask, requireNonNull, repeatUntil, mutate, readUntil } from './typed-client.ts'
import type { Client } from './clients.ts'
import { SteeredDocument, UpdateSessionDocument } from '../generated/graphql.ts'
import type { InputPosition } from './input-positions.ts'

/** Ids of existing objects. */
export interface ValidIds {
  readonly profile: string
  readonly sessionId: string
  /** The key of one of them. */
  readonly sessionKey: string
  readonly streamId: string
  readonly messageId: string
  /** A pending approval. */
  readonly approvalId: string
  /** A pending clarification. */
  readonly clarificationId: string
  /** A stream that stays queued. */
  readonly queuedId: string
  /** A stream behind it in the same queue, which may be started. */
  readonly spareQueuedId: string
  /** A message that waits to join an answer, which waits for a person. */
  readonly steeringId: string
  /** Two empty sessions. */
  readonly spareId: string
  readonly lastId: string
  /** The root of a conversation that can be deleted. */
  readonly spareRootId: string
  readonly jobId: string
  /** Another job, which may be deleted. */
  readonly spareJobId: string
  /** A job with a run in progress. */
  readonly runningJobId: string
  /** An idle profile. */
  readonly spareProfile: string
}

/** Valid variables for every field with arguments. */
export function buildValidVariables({ field, path }: Pick<InputPosition, 'field' | 'path'>, ids: ValidIds): object {
  const {
    profile,
    spareProfile,
    sessionKey,
    sessionId,
    spareId,
    lastId,
    spareRootId,
    streamId,
    messageId,
    approvalId,
    clarificationId,
    queuedId,
    spareQueuedId,
    steeringId,
  } = ids
  const { jobId, spareJobId, runningJobId } = ids
  const files = [{ name: 'a.txt', mediaType: 'text/plain', url: 'data:,Hello' }]
  const chat = { input: { text: 'Hello', model: 'offline/eliza', ...(path.length > 2 && { files }) } }
  const variablesByField: Record<string, object> = {
    'Mutation.answerApproval': { id: approvalId, decision: 'ONCE' },
    'Mutation.answerClarification': { id: clarificationId, answer: 'Here.' },
    'Mutation.cancelStream': { streamId },
    'Conversation.segments': {},
    'Job.nextRuns': {},
    'Job.runs': {},
    'Mutation.compactSession': { id: sessionId },
    'Mutation.createJob': { input: { name: 'Bees', prompt: 'Hello', schedule: '0 9 * * *', model: 'offline/eliza' } },
    'Mutation.createProfile': { name: 'fresh' },
    'Mutation.createSession': { input: {} },
    'Mutation.deleteConversation': { id: `cnv_${spareRootId}` },
    'Mutation.deleteJob': { id: spareJobId },
    'Mutation.deleteProfile': { name: spareProfile },
    'Mutation.deleteSession': { id: spareId },
    'Mutation.deleteSessions': { ids: [lastId] },
    'Mutation.forgetApproval': { tool: 'look' },
    'Mutation.forkSession': { messageId },
    'Mutation.moveQueuedMessage': { streamId: spareQueuedId, before: queuedId },
    'Mutation.regenerate': { messageId, ...(path.length > 1 && { files }) },
    'Mutation.runJob': { id: jobId },
    'Mutation.sendQueuedMessage': { streamId: spareQueuedId },
    'Mutation.startChat': chat,
    'Mutation.markRead': { conversationId: `cnv_${sessionId}`, at: '2026-01-31T09:30:00.000Z' },
    'Mutation.updateConversation': { id: `cnv_${sessionId}`, input: { pinned: true } },
    'Mutation.updateJob': { id: jobId, input: { name: 'Bees' } },
    'Mutation.updateQueuedMessage': { streamId: queuedId, text: 'Bees', ...(path.length > 1 && { files }) },
    'Mutation.updateSession': { id: sessionId, input: { pinned: true } },
    'Mutation.updateSessions': { ids: [sessionId], input: { archived: true } },
    'Mutation.withdrawMessage': { messageId: steeringId },
    'Profile.sessions': {},
    'Query.conversation': { id: `cnv_${sessionId}` },
    'Query.job': { id: jobId },
    'Query.message': { id: messageId },
    'Query.models': {},
    'Query.sessionByKey': { key: sessionKey },
    'Query.approvals': {},
    'Query.clarifications': {},
    'Query.conversations': {},
    'Query.conversationCounts': {},
    'Query.events': { sessionId },
    'Query.jobs': {},
    'Query.mcpServers': {},
    'Query.node': { id: sessionId },
    'Query.profile': { name: profile },
    'Query.schedulePreview': { schedule: '0 9 * * *' },
    'Query.search': { query: 'Hello' },
    'Query.session': { id: sessionId },
    'Query.sessions': {},
    'Query.stream': { id: streamId },
    'Query.usage': {},
    'Session.messages': {},
    'Session.transcript': {},
    'Subscription.approvals': {},
    'Subscription.clarifications': {},
    'Subscription.conversationsChanged': {},
    'Subscription.followSession': { sessionId },
    'Subscription.followStream': { streamId },
    'Subscription.jobRuns': { jobId: runningJobId },
    'Subscription.streamChat': chat,
  }
  return requireNonNull(variablesByField[field])
}

const model = 'offline/eliza'

/** An answer that waits for a person. */
async function newAskingStream(client: Client, profile?: string): Promise<{ id: string; session: { id: string } }> {
  const asking = await startChat(client, { text: '/ask Where?', model, ...(profile !== undefined && { profile }) })
  await readUntil(followStream(client, asking.id), isEventOfType('ClarificationChanged'))
  return asking
}

/** A message that waits to join such an answer. */
export async function newSteeringId(client: Client, profile?: string): Promise<string> {
  const { id, session } = await newAskingStream(client, profile)
  await startChat(client, { text: 'There', model, sessionId: session.id, ifBusy: 'STEER' })
  const { stream } = await ask(client, SteeredDocument, { id })
  return requireNonNull(stream?.steered[0]).id
}

/** Queues messages behind an answer that waits for a person. The second one would wait for a person, too. */
export async function newQueuedIds(
  client: Client,
  profile?: string,
): Promise<Pick<ValidIds, 'queuedId' | 'spareQueuedId'>> {
  const asking = await newAskingStream(client, profile)
  const queue = (text: string) => startChat(client, { text, model, sessionId: asking.session.id, ifBusy: 'QUEUE' })
  const { id: queuedId } = await queue('Hello')
  const { id: spareQueuedId } = await queue('/ask Which?')
  return { queuedId, spareQueuedId }
}

/** The subscription that emits only READY before something changes. */
const changeSubscription = 'Subscription.conversationsChanged'

/** The first event that tells something. Where none comes by itself, a session is renamed until one does. */
export async function waitForFirst<T>(
  field: string,
  { client, sessionId }: { readonly client: Client; readonly sessionId: string },
  first: Promise<T>,
): Promise<T> {
  if (field !== changeSubscription) return first
  return repeatUntil(first, (round) => mutate(client, UpdateSessionDocument, { id: sessionId, title: `Name ${round}` }))
}
