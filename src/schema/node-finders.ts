import { createIdNotFoundError, type SegueError } from '../lib/errors.ts'
import { parseIdKind } from '../lib/ids.ts'
import type { ApprovalRuleRecord } from '../model/approval-rule.ts'
import type { ApprovalRecord, ClarificationRecord } from '../model/decision.ts'
import type { JobRecord, JobRunRecord } from '../model/job.ts'
import type { MessageRecord } from '../model/message.ts'
import type { SessionRecord } from '../model/session.ts'
import type { StreamRecord } from '../model/stream.ts'
import type { Conversation } from '../sessions/conversation.ts'
import { toProfileId } from '../profiles/profile-id.ts'
import { parseProfileModelId } from '../profiles/profile-model-id.ts'
import type { ProfileModel, ProfileRecord } from './profile/profile-model.ts'
import type { RequestProfile } from './request-profile.ts'

/** The record behind each type that implements Node. */
export interface NodeRecords {
  readonly Conversation: Conversation
  readonly Session: SessionRecord
  readonly Message: MessageRecord
  readonly Stream: StreamRecord
  readonly Approval: ApprovalRecord
  readonly ApprovalRule: ApprovalRuleRecord
  readonly Clarification: ClarificationRecord
  readonly Job: JobRecord
  readonly JobRun: JobRunRecord
  readonly Model: ProfileModel
  readonly Profile: ProfileRecord
}

export type NodeType = keyof NodeRecords

/** NOT_FOUND for an id of this type. People read the type as words: ApprovalRule as "approval rule". */
export function createNodeNotFoundError(type: NodeType, id: string): SegueError {
  return createIdNotFoundError(type.replaceAll(/\B[A-Z]/g, ' $&').toLowerCase(), id)
}

type NodeFinders = {
  readonly [Type in NodeType]: (profile: RequestProfile, id: string) => Promise<NodeRecords[Type] | null>
}

/** How a node of each type is found in one profile. */
export const nodeFinders: NodeFinders = {
  Conversation: ({ conversationLoader }, id) => conversationLoader.loadById(id),
  Session: async ({ sessionLoader }, id) => sessionLoader.load(id),
  Message: ({ chatLoader }, id) => chatLoader.loadMessage(id),
  Stream: ({ chatLoader }, id) => chatLoader.loadStream(id),
  Approval: ({ decisionLoader }, id) => decisionLoader.loadApproval(id),
  ApprovalRule: ({ profile }, id) => profile.approvalRules.find(id),
  Clarification: ({ decisionLoader }, id) => decisionLoader.loadClarification(id),
  Job: ({ jobs }, id) => jobs.find(id),
  JobRun: ({ jobs }, id) => jobs.findRun(id),
  Model: async ({ models, profile: { name: profile } }, id) => {
    const name = parseProfileModelId(id)
    if (name?.profile !== profile) return null
    const info = (await models.list()).find((each) => each.id === name.qualifiedName)
    return info ? { profile, info } : null
  },
  Profile: async ({ profile: { name } }, id) => (toProfileId(name) === id ? { name } : null),
}

/**
 * The types that an id may belong to. Ids of Hermes have no prefix, so one of them may name anything that Hermes has. Those are
 * last that another process may have to be asked for.
 */
export function listPossibleNodeTypes(id: string): readonly NodeType[] {
  switch (parseIdKind(id)) {
    case 'session':
      return ['Session']
    case 'message':
      return ['Message']
    case 'stream':
      return ['Stream']
    case 'approval':
      return ['Approval']
    case 'approvalRule':
      return ['ApprovalRule']
    case 'clarification':
      return ['Clarification']
    case 'job':
      return ['Job']
    case 'jobRun':
      return ['JobRun']
    case 'toolCall':
    case 'upload':
      return []
    case null:
      return ['Conversation', 'Session', 'Model', 'Profile', 'Message', 'Job', 'JobRun']
  }
}
