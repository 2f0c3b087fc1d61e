import type { ApprovalRuleRecord } from '../../model/approval-rule.ts'
import type { IdempotencyKeyRecord } from '../idempotency-key.ts'

/** What people have allowed without being asked again. `EventWriter.append` writes rules. */
export interface ApprovalRuleStore {
  find(id: string): Promise<ApprovalRuleRecord | null>
  /** Those of the profile and of all its sessions, newest first, at most 1,000. */
  list(): Promise<readonly ApprovalRuleRecord[]>
  /** Those that count for a tool in a session: of the session and of the profile. Newest first. */
  listForTool(tool: string, sessionId: string): Promise<ApprovalRuleRecord[]>
  /** The tools that need no approval in the whole profile, whatever their arguments are, by name. */
  listAllowedTools(): Promise<string[]>
  /** False if there is no such rule: then the key is not stored. Otherwise it is, in the same transaction. */
  delete(id: string, idempotencyKey?: IdempotencyKeyRecord | null): Promise<boolean>
  /** Deletes all rules of a tool, in the profile and in every session. The key is stored in the same transaction. */
  deleteForTool(tool: string, idempotencyKey?: IdempotencyKeyRecord | null): Promise<void>
}
