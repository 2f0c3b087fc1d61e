import { z } from 'zod'

/** The operations that the clients of a schedule send, with the schemas of their data. */

export const createMutation = `mutation ($input: CreateSessionInput!) {
  createSession(input: $input) { id }
}`

const referenceSchema = z.object({ id: z.string() })
const streamStateSchema = z.object({ id: z.string(), status: z.string() })

export const createdSchema = z.object({ createSession: referenceSchema })

export const sendMutation = `mutation ($input: StreamChatInput!) {
  startChat(input: $input) { id status userMessage { id text } steered { id text } }
}`

const textSchema = z.object({ id: z.string(), text: z.string() })
export const sentSchema = z.object({
  startChat: streamStateSchema.extend({ userMessage: textSchema, steered: z.array(textSchema) }),
})

export const editMutation = `mutation ($streamId: ID!, $text: String!, $key: String!) {
  updateQueuedMessage(streamId: $streamId, text: $text, key: $key) { id }
}`

export const moveMutation = `mutation ($streamId: ID!, $before: ID, $key: String!) {
  moveQueuedMessage(streamId: $streamId, before: $before, key: $key) { id }
}`

export const sendNowMutation = `mutation ($streamId: ID!, $key: String!) {
  sendQueuedMessage(streamId: $streamId, key: $key) { id }
}`

export const withdrawMutation = `mutation ($messageId: ID!, $key: String!) {
  withdrawMessage(messageId: $messageId, key: $key) { id }
}`

export const stopMutation = `mutation ($streamId: ID!, $key: String!) {
  cancelStream(streamId: $streamId, key: $key) { outcome lastSeq message { digest } withdrawn { id } }
}`

export const stoppedSchema = z.object({
  cancelStream: z.object({
    outcome: z.string(),
    lastSeq: z.int(),
    message: z.object({ digest: z.string() }).nullable(),
    withdrawn: z.array(referenceSchema),
  }),
})

export const markReadMutation = `mutation ($id: ID!, $key: String!) {
  markRead(conversationId: $id, key: $key) { readAt }
}`

export const markedSchema = z.object({ markRead: z.object({ readAt: z.string() }) })

export const pendingDecisionsQuery = `query {
  approvals { id session { id } toolCall { argumentsText } }
  clarifications { id session { id } }
}`

const decisionSchema = z.object({ id: z.string(), session: referenceSchema })
export const pendingDecisionsSchema = z.object({
  approvals: z.array(decisionSchema.extend({ toolCall: z.object({ argumentsText: z.string() }) })),
  clarifications: z.array(decisionSchema),
})

export const approveMutation = `mutation ($id: ID!, $decision: ApprovalDecision!, $key: String!) {
  answerApproval(id: $id, decision: $decision, key: $key) { id }
}`

export const clarifyMutation = `mutation ($id: ID!, $key: String!) {
  answerClarification(id: $id, answer: "Yes.", key: $key) { id }
}`

export const decisionStateQuery = `query ($id: ID!) {
  node(id: $id) { ... on Approval { state } ... on Clarification { state } }
}`

export const decisionStateSchema = z.object({ node: z.object({ state: z.string() }) })

export const streamStateQuery = `query ($id: ID!) {
  stream(id: $id) { id status }
}`

export const streamStateResultSchema = z.object({ stream: streamStateSchema })

export const steeringStateQuery = `query ($id: ID!) {
  message(id: $id) { steering { state } }
}`

export const steeringStateSchema = z.object({ message: z.object({ steering: z.object({ state: z.string() }) }) })

export const sessionStateQuery = `query ($id: ID!) {
  session(id: $id) {
    headSeq
    activeStream { id status steered { id steering { state } } }
    queue { id status }
  }
}`

const steeredStateSchema = z.object({ id: z.string(), steering: z.object({ state: z.string() }) })
export const sessionStateSchema = z.object({
  session: z.object({
    headSeq: z.int(),
    activeStream: streamStateSchema.extend({ steered: z.array(steeredStateSchema) }).nullable(),
    queue: z.array(streamStateSchema),
  }),
})

export type SessionState = z.output<typeof sessionStateSchema>['session']

export const queueLogQuery = `query ($id: ID!, $after: Int!) {
  events(sessionId: $id, after: $after, first: 500) { seq ... on QueueChanged { streamIds } }
}`

export const queueLogSchema = z.object({
  events: z.array(z.object({ seq: z.int(), streamIds: z.array(z.string()).optional() })),
})

export const transcriptQuery = `query ($id: ID!) {
  session(id: $id) {
    messages(first: 200) {
      edges {
        node {
          id
          role
          status
          text
          stream { id status }
          steering { state stream { id status message { id } } step partIndex }
        }
      }
    }
  }
}`

const steeringSchema = z.object({
  state: z.string(),
  stream: streamStateSchema.extend({ message: referenceSchema.nullable() }),
  step: z.int().nullable(),
  partIndex: z.int().nullable(),
})

const transcriptMessageSchema = z.object({
  id: z.string(),
  role: z.string(),
  status: z.string(),
  text: z.string(),
  stream: streamStateSchema.nullable(),
  steering: steeringSchema.nullable(),
})

export type TranscriptMessage = z.output<typeof transcriptMessageSchema>

export const transcriptSchema = z.object({
  session: z.object({ messages: z.object({ edges: z.array(z.object({ node: transcriptMessageSchema })) }) }),
})

export const userMessageQuery = `query ($id: ID!) {
  stream(id: $id) { userMessage { id } }
}`

export const userMessageSchema = z.object({ stream: z.object({ userMessage: referenceSchema }) })
