import type { ApprovalDecision } from '../../model/decision.ts'
import type { IdempotencyKey } from '../../storage/idempotency-key.ts'
import type { ApprovalAnswerDetails, ClarificationAnswerRequest } from './decision-answer.ts'

interface AnswerCommand {
  /** The id of the decision. */
  readonly id: string
  readonly key: IdempotencyKey | null
}

/** An answer to a decision, for the process that runs its stream. */
export type DecisionCommand =
  | (AnswerCommand & {
      readonly name: 'answerApproval'
      readonly decision: ApprovalDecision
      readonly details: ApprovalAnswerDetails
    })
  | (AnswerCommand & { readonly name: 'answerClarification'; readonly request: ClarificationAnswerRequest })
