export { createSegueClient } from './create-segue-client.ts'
export type * from './segue-client.ts'
export type * from './commands/approval-rule.ts'
export type * from './commands/session-details.ts'
export type * from './commands/usage-sum.ts'
export { type GraphQLResponseError, SegueError, type SegueErrorCode, type ServerErrorCode } from './segue-error.ts'
export type * from './model/chat-event.ts'
export type * from './model/message.ts'
export type * from './model/session-context.ts'
export type * from './model/stream.ts'
export type * from './model/decision.ts'
export { foldChatEvent } from './model/fold-chat-event.ts'
export type * from './lists/conversation-list.ts'
export type * from './lists/pending-decisions.ts'
export type { ConnectionSnapshot } from './connection-monitor.ts'
export type { Token } from './connection/read-authorization.ts'
export type { ReconnectOptions } from './connection/reconnect-options.ts'
export type { SnapshotSource } from './lists/snapshot-store.ts'
export type { Channel } from '../../src/model/channel.ts'
export type { ApprovalDecision, DecisionState } from '../../src/model/decision.ts'
export type {
  MessageKind,
  MessagePart,
  MessageStatus,
  PartOrigin,
  Role,
  ToolCall,
  ToolCallState,
} from '../../src/model/message.ts'
export type { Origin } from '../../src/model/session.ts'
export type { FinishReason, StreamErrorCode, StreamFailure, StreamStatus } from '../../src/model/stream.ts'
export type { Usage, UsageCost } from '../../src/model/usage.ts'
export type { Json, JsonObject } from '../../src/lib/text/json.ts'
export { parseToolCallArguments } from '../../src/model/tool-call.ts'
export { computeMessageDigest } from './model/compute-message-digest.ts'
