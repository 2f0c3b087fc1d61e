import { cpSync, rmSync } from 'node:fs'
import type { Tool } from '../../../src/agent/tools/tool.ts'
import type { ChatService } from '../../../src/chat/chat-service.ts'
import type { ApprovalRules } from '../../../src/config/profile/approvals.ts'
import { defaultLimits, type Limits } from '../../../src/config/limits.ts'
import { newTempFolder, newHome, startTestSegue, type TestSegue } from './segue.ts'
import { newToolSource } from '../fixtures/tools.ts'

export interface SegueWithTools extends TestSegue {
  readonly chats: ChatService
  /** What the disk has at this moment, as a `kill -9` would leave it; for another server, which removes it. */
  copyHome(): string
}

export interface SegueWithToolsOptions {
  readonly home?: string
  readonly limits?: Partial<Limits>
  readonly approvals?: ApprovalRules
}

/**
 * A server on a free port whose tools a test scripts, and nobody else's. The offline agent answers: `/tool <name> <json>`
 * has it call one, `/ask <question>` ask something.
 */
export async function startSegueWithTools(
  tools: readonly Tool[],
  { home = newHome(), limits = {}, approvals = {} }: SegueWithToolsOptions = {},
): Promise<SegueWithTools> {
  const settings = { home, limits: { ...defaultLimits, ...limits }, approvals }
  const segue = await startTestSegue({ settings, createToolSource: () => newToolSource(...tools) })
  return {
    ...segue,
    chats: segue.defaultProfile.chats,
    copyHome: () => {
      const copy = newTempFolder()
      cpSync(home, copy, { recursive: true })
      return copy
    },
    [Symbol.asyncDispose]: async () => {
      await segue.close()
      rmSync(home, { recursive: true, force: true })
    },
  }
}
