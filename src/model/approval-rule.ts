import type { JsonObject } from '../lib/text/json.ts'

/** What a person has allowed without being asked again: calls of a tool, in one session or in the whole profile. */
export interface ApprovalRuleRecord {
  readonly id: string
  /** Null: in the whole profile. */
  readonly sessionId: string | null
  readonly tool: string
  /** The arguments that calls must have. Null: any. */
  readonly pattern: JsonObject | null
  /** Epoch milliseconds. */
  readonly since: number
  /** The approval whose SESSION or ALWAYS made it. Null if that is not known. */
  readonly approvalId: string | null
}

/** A rule that counts in one session. */
export type SessionApprovalRule = ApprovalRuleRecord & { readonly sessionId: string }
