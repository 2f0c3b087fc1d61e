/** The operations that the clients of a chaos run send. */

/** Asks for approvals and questions if it is told to. */
export const offlineModel = 'offline/eliza'

export const startMutation = `mutation ($input: StreamChatInput!) {
  startChat(input: $input) { id session { id } }
}`

export const cancelMutation = `mutation ($id: ID!) {
  cancelStream(streamId: $id) { outcome lastSeq stream { status } message { id digest } }
}`

export const followSubscription = `subscription ($id: ID!, $after: Int) {
  followStream(streamId: $id, after: $after) {
    type: __typename
    seq
    ... on TextDelta { partIndex offset text }
    ... on ReasoningDelta { partIndex offset text }
    ... on ToolCallDelta { partIndex offset toolCallId toolName argumentsText }
    ... on ToolCallChanged { partIndex toolCall { id name argumentsText state result error } }
    ... on StreamFinished { stream { status lastSeq } message { id digest } }
    ... on StreamReset { reason }
  }
}`

export const streamQuery = `query ($id: ID!) {
  stream(id: $id) { id status lastSeq error { code } message { id status digest text } session { id headSeq activeStream { id } } }
}`

export const logQuery = `query ($id: ID!, $after: Int) {
  events(sessionId: $id, after: $after, first: 1000) { type: __typename seq streamId }
}`

export const sessionQuery = `query ($id: ID!) {
  session(id: $id) {
    endedAt
    modelContext
    lineageRoot { id }
    conversation { root { id } }
    messages(first: 100) { edges { node { id role kind status text alternatives { id } } } }
  }
}`

export const compactMutation = `mutation ($id: ID!) {
  compactSession(id: $id) { id }
}`

export const updateMutation = `mutation ($id: ID!, $model: String!) {
  updateSession(id: $id, input: { model: $model }) { id }
}`

export const regenerateMutation = `mutation ($id: ID!, $text: String!) {
  regenerate(messageId: $id, text: $text) { id session { id } }
}`

export const forkMutation = `mutation ($id: ID!) {
  forkSession(messageId: $id) { id }
}`

export const deleteMutation = `mutation ($id: ID!) {
  deleteSession(id: $id)
}`

export const renameMutation = `mutation ($id: ID!, $title: String!) {
  updateSession(id: $id, input: { title: $title }) { title }
}`

export const sessionTitleQuery = `query ($id: ID!) {
  session(id: $id) { title }
}`

export const pendingDecisionsQuery = `query ($id: ID!) {
  session(id: $id) { activeStream { id } pendingApprovals { id } pendingClarifications { id } }
}`

export const answerApprovalMutation = `mutation ($id: ID!, $answer: ApprovalDecision!) {
  answerApproval(id: $id, decision: $answer) { id }
}`

export const answerClarificationMutation = `mutation ($id: ID!, $answer: String!) {
  answerClarification(id: $id, answer: $answer) { id }
}`

export const decisionQuery = `query ($id: ID!) {
  node(id: $id) { ... on Approval { state answer: decision } ... on Clarification { state text: answer } }
}`

export const moveMutation = `mutation ($id: ID!, $before: ID) {
  moveQueuedMessage(streamId: $id, before: $before) { id }
}`

export const queueQuery = `query ($id: ID!) {
  session(id: $id) { queue { id } }
}`
