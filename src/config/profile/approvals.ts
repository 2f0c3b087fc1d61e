import { z } from 'zod'
import type { JsonObject } from '../../lib/text/json.ts'

/** What happens when a tool is called: it runs, a person is asked first, or the call is denied. */
export type ApprovalAction = 'allow' | 'ask' | 'deny'

/** What happens to the calls whose arguments match a pattern. */
export interface ConditionalApproval {
  /** Null: all calls. */
  readonly condition: JsonObject | null
  readonly action: ApprovalAction
}

const action = z.enum(['allow', 'ask', 'deny'], { error: 'Must be allow, ask or deny.' })
/** `then` gets another name at once, because an object with it would be taken for a promise. */
const conditionalApproval = z
  // oxlint-disable-next-line unicorn/no-thenable
  .strictObject({ if: z.record(z.string(), z.json()).optional(), then: action })
  .transform((written): ConditionalApproval => ({ condition: written.if ?? null, action: written.then }))

/**
 * `approvals` in config.json: rules by pattern of tool names. `*` matches any characters. If several patterns match, the
 * last one applies; of a list, the last condition that a call fulfils.
 */
export const configuredApprovalsSchema = z.record(
  z.string().regex(/^[\w*-]{1,200}$/),
  z.union([action, z.array(conditionalApproval)], {
    error: 'Must be allow, ask or deny, or a list such as [{ "if": { "path": "notes/*" }, "then": "allow" }].',
  }),
  { error: 'Must map patterns of tool names, such as "files__read_*", to allow, ask or deny.' },
)

export type ConfiguredApprovals = Readonly<Record<string, ApprovalAction | readonly ConditionalApproval[]>>
