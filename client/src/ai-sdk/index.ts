// Its hooks run in the browser: frameworks with server components load it there.
'use client'

export { SegueChatTransport, type SegueChatTransportOptions, type SteeringMessage } from './segue-chat-transport.ts'
export { useSegueChat, type UseSegueChatOptions, type UseSegueChatResult } from './use-segue-chat.ts'
export { hasAnsweredApprovals } from './tool-approvals.ts'
export { toUIMessage } from './ui-message/to-ui-message.ts'
export { toUIMessages } from './ui-message/to-ui-messages.ts'
export { type SegueUIMessageChunk, toUIMessageChunks } from './ui-message/to-ui-message-chunks.ts'
export type {
  ClarificationData,
  SegueDataParts,
  SegueMessageMetadata,
  SegueUIMessage,
} from './ui-message/segue-ui-message.ts'
