export const usageFields = `usage {
  estimated inputTokens outputTokens reasoningTokens cachedInputTokens cost { amount currency estimated }
}`

const toolCall = `{ id providerId name argumentsText state result error startedAt finishedAt approval { reason arguments } }`

export const contextFields = 'context { tokens window compactsAt estimated instructions tools history }'

export const streamFields = `{ id status model effort lastSeq startedAt finishedAt finishReason retryAt ${usageFields} session { id } error { code message retryAt } }`

export const approvalFields = `{
  id description choices state decision reason arguments pattern requestedAt expiresAt resolvedAt
  session { id } stream { id } releasedBy { id } toolCall ${toolCall}
}`

export const clarificationFields = `{
  id question choices form state answer declined requestedAt expiresAt resolvedAt
  session { id } stream { id } toolCall ${toolCall}
}`

/** The selection of a message, for documents of your own: `toChatMessage` converts it. */
export const messageFields = `{
  id role kind status createdAt model ${usageFields} session { id } stream { id } steering { state step partIndex stream { id } }
  parts {
    __typename
    index step startedAt endedAt
    ... on TextPart { text }
    ... on ReasoningPart { text }
    ... on ToolCallPart { toolCall ${toolCall} }
    ... on FilePart { mediaType name url }
  }
}`

const eventFields = `{
  __typename seq at sessionId streamId
  ... on StreamStarted { status stream ${streamFields} userMessage ${messageFields} }
  ... on TextDelta { messageId partIndex step startedAt offset text }
  ... on ReasoningDelta { messageId partIndex step startedAt offset text }
  ... on ToolCallDelta { messageId partIndex step startedAt toolCallId toolName offset argumentsText }
  ... on ToolCallChanged { messageId partIndex toolCall ${toolCall} }
  ... on FilePartAdded { messageId partIndex step mediaType name url }
  ... on PartFinished { messageId partIndex }
  ... on StepFinished { step finishReason ${usageFields} }
  ... on MessageSteered { steeringState userMessage ${messageFields} }
  ... on StreamChanged { status stream { ... on Stream ${streamFields} userMessage ${messageFields} } }
  ... on QueueChanged { streamIds }
  ... on ApprovalChanged { state decision approval ${approvalFields} }
  ... on ClarificationChanged { state answer clarification ${clarificationFields} }
  ... on SessionChanged { session { id title model effort compacting ${contextFields} } }
  ... on SessionContinued { toId }
  ... on StreamFinished { status finishReason stream ${streamFields} message { id digest } }
  ... on StreamReset { reason message ${messageFields} }
}`

/** All subscriptions to events name their field `event`. */
export const streamChatDocument = `subscription ($input: StreamChatInput!) { event: streamChat(input: $input) ${eventFields} }`
export const followStreamDocument = `subscription ($id: ID!, $after: Int!) { event: followStream(streamId: $id, after: $after) ${eventFields} }`
export const followSessionDocument = `subscription ($id: ID!, $after: Int!) { event: followSession(sessionId: $id, after: $after) ${eventFields} }`

/** All mutations name their field `result`. Their key is sent as a header. See also commands/command-documents.ts. */
export const cancelStreamDocument = `mutation ($id: ID!) {
  result: cancelStream(streamId: $id) { outcome stream ${streamFields} message ${messageFields} withdrawn ${messageFields} }
}`

export const answerApprovalDocument = `mutation ($id: ID!, $decision: ApprovalDecision!, $reason: String, $arguments: JSON, $pattern: JSON) {
  result: answerApproval(id: $id, decision: $decision, reason: $reason, arguments: $arguments, pattern: $pattern) ${approvalFields}
}`

export const answerClarificationDocument = `mutation ($id: ID!, $answer: String, $values: JSON, $decline: Boolean) {
  result: answerClarification(id: $id, answer: $answer, values: $values, decline: $decline) ${clarificationFields}
}`

export const approvalsDocument = `subscription ($profile: String, $settledSince: DateTime) {
  event: approvals(profile: $profile, settledSince: $settledSince) ${approvalFields}
}`

export const clarificationsDocument = `subscription ($profile: String, $settledSince: DateTime) {
  event: clarifications(profile: $profile, settledSince: $settledSince) ${clarificationFields}
}`

/** Everything that waits now. */
export const pendingDecisionsDocument = `query ($profile: String) {
  approvals(profile: $profile) ${approvalFields}
  clarifications(profile: $profile) ${clarificationFields}
}`
