import type { Conversation } from '../sessions/conversation.ts'
import type { JobRecord, JobRunRecord } from '../model/job.ts'
import type { ApprovalRecord, ClarificationRecord } from '../model/decision.ts'
import type { MessageRecord } from '../model/message.ts'
import type { SessionRecord } from '../model/session.ts'
import type { StreamRecord } from '../model/stream.ts'
import { builder } from './builder.ts'

/** References to the types that refer to each other. Each type is implemented in the file with its name. */
export const SessionType = builder.objectRef<SessionRecord>('Session')
export const ConversationType = builder.objectRef<Conversation>('Conversation')
export const MessageType = builder.objectRef<MessageRecord>('Message')
export const StreamType = builder.objectRef<StreamRecord>('Stream')
export const ApprovalType = builder.objectRef<ApprovalRecord>('Approval')
export const ClarificationType = builder.objectRef<ClarificationRecord>('Clarification')
export const JobType = builder.objectRef<JobRecord>('Job')
export const JobRunType = builder.objectRef<JobRunRecord>('JobRun')
export const ProfileType = builder.objectRef<{ readonly name: string }>('Profile')
