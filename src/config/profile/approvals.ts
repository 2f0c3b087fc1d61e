import { z } from 'zod'

const expectedRule = 'allow, ask or deny'
const expectedShape = 'patterns of tool names, such as "files__read_*", with allow, ask or deny for each'

/** What is to be done when a tool is called: nothing, ask a person, refuse. */
export type ApprovalRule = 'allow' | 'ask' | 'deny'

/** `approvals` in config.json: rules by pattern, in which `*` stands for any characters. Of those that fit, the last counts. */
export const approvalsSchema = z.record(
  z.string().regex(/^[\w*-]{1,200}$/),
  z.enum(['allow', 'ask', 'deny'], { error: expectedRule }),
  { error: expectedShape },
)

export type ApprovalRules = Readonly<Record<string, ApprovalRule>>
