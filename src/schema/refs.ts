import type { Conversation } from '../sessions/conversations.ts'
import type { MessageRecord, SessionRecord, StreamRecord } from '../storage/records.ts'
import { builder } from './builder.ts'

/** The types that refer to each other; each is implemented in the file of its name. */
export const SessionType = builder.objectRef<SessionRecord>('Session')
export const ConversationType = builder.objectRef<Conversation>('Conversation')
export const MessageType = builder.objectRef<MessageRecord>('Message')
export const StreamType = builder.objectRef<StreamRecord>('Stream')
export const ProfileType = builder.objectRef<{ readonly name: string }>('Profile')
