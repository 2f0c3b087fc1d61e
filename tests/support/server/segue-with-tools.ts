import { cpSync, rmSync } from 'node:fs'
import type { Tool } from '../../../src/agent/tools/tool.ts'
import type { Chats } from '../../../src/chat/chat-service.ts'
import type { ApprovalRules } from '../../../src/config/profile/approvals.ts'
import { defaultLimits, type Limits } from '../../../src/config/limits.ts'
import { newFolder, newHome, newSegue, type TestSegue } from './segue.ts'
import { sourceOf } from '../fixtures/tools.ts'

export interface ToolSegue extends TestSegue {
  readonly chats: Chats
  /** What the disk has at this moment, as a `kill -9` would leave it; for another server, which removes it. */
  copyOfHome(): string
}

export interface ToolSegueOptions {
  readonly home?: string
  readonly limits?: Partial<Limits>
  readonly approvals?: ApprovalRules
}

/**
 * A server on a free port whose tools a test scripts, and nobody else's. The offline agent answers: `/tool <name> <json>`
 * has it call one, `/ask <question>` ask something.
 */
export async function newToolSegue(
  tools: readonly Tool[],
  { home = newHome(), limits = {}, approvals = {} }: ToolSegueOptions = {},
): Promise<ToolSegue> {
  const settings = { home, limits: { ...defaultLimits, ...limits }, approvals }
  const segue = await newSegue({ settings, toolsOf: () => sourceOf(...tools) })
  return {
    ...segue,
    chats: segue.domain.chats,
    copyOfHome: () => {
      const copy = newFolder()
      cpSync(home, copy, { recursive: true })
      return copy
    },
    [Symbol.asyncDispose]: async () => {
      await segue.close()
      rmSync(home, { recursive: true, force: true })
    },
  }
}
