import type { Conversation } from '../sessions/conversation.ts'
import type { JobRecord, JobRunRecord } from '../model/job.ts'
import type { ApprovalRuleRecord } from '../model/approval-rule.ts'
import type { ApprovalRecord, ClarificationRecord } from '../model/decision.ts'
import type { MessageRecord } from '../model/message.ts'
import type { SessionRecord } from '../model/session.ts'
import type { StreamRecord } from '../model/stream.ts'
import type { ProfileModel, ProfileRecord } from './profile/profile-model.ts'
import { schemaBuilder } from './schema-builder.ts'

/** References to the types that refer to each other. Each type is implemented in the file with its name. */
export const SessionObjectType = schemaBuilder.objectRef<SessionRecord>('Session')
export const ConversationObjectType = schemaBuilder.objectRef<Conversation>('Conversation')
export const MessageObjectType = schemaBuilder.objectRef<MessageRecord>('Message')
export const StreamObjectType = schemaBuilder.objectRef<StreamRecord>('Stream')
export const ApprovalObjectType = schemaBuilder.objectRef<ApprovalRecord>('Approval')
export const ApprovalRuleObjectType = schemaBuilder.objectRef<ApprovalRuleRecord>('ApprovalRule')
export const ClarificationObjectType = schemaBuilder.objectRef<ClarificationRecord>('Clarification')
export const JobObjectType = schemaBuilder.objectRef<JobRecord>('Job')
export const JobRunObjectType = schemaBuilder.objectRef<JobRunRecord>('JobRun')
export const ModelObjectType = schemaBuilder.objectRef<ProfileModel>('Model')
export const ProfileObjectType = schemaBuilder.objectRef<ProfileRecord>('Profile')
