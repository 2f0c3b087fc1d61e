import type { Json } from '../../../src/lib/text/json.ts'

/** What runs without being asked, because an approval was answered with SESSION or ALWAYS. */
export interface ApprovalRule {
  readonly id: string
  readonly tool: string
  /** The arguments that calls must have, by name. Null: any. */
  readonly pattern: Json
  /** The time of the answer, in epoch milliseconds. */
  readonly since: number
  /** The session in which it counts. Null: in the whole profile. */
  readonly sessionId: string | null
}

/** One rule, or all rules of a tool in a profile (default: `default`). */
export type ForgottenApproval =
  | { readonly id: string }
  | { readonly tool: string; readonly profile?: string | undefined }
