import { z } from 'zod'

/** What happens when a tool is called: it runs, a person is asked first, or the call is denied. */
export type ApprovalRule = 'allow' | 'ask' | 'deny'

/**
 * `approvals` in config.json: rules by pattern of tool names. `*` matches any characters. If several patterns match, the
 * last one applies.
 */
export const approvalRulesSchema = z.record(
  z.string().regex(/^[\w*-]{1,200}$/),
  z.enum(['allow', 'ask', 'deny'], { error: 'Must be allow, ask or deny.' }),
  { error: 'Must map patterns of tool names, such as "files__read_*", to allow, ask or deny.' },
)

export type ApprovalRules = Readonly<Record<string, ApprovalRule>>
