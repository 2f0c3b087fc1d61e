import type { ApprovalRecord, ClarificationRecord } from '../../../src/model/decision.ts'

/** A tool call that waits for a person, or waited. Answer it with `answerApproval`. Times are in epoch milliseconds. */
export type Approval = Omit<ApprovalRecord, 'messageId' | 'partIndex'>

/** A question to a person. Answer it with `answerClarification`. Times are in epoch milliseconds. */
export type Clarification = Omit<ClarificationRecord, 'messageId' | 'partIndex' | 'duringCall'>
