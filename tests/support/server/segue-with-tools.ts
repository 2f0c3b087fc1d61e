import { cpSync, rmSync } from 'node:fs'
import type { Tool } from '../../../src/agent/tools/tool.ts'
import type { ChatService } from '../../../src/chat/chat-service.ts'
import type { ConfiguredApprovals } from '../../../src/config/profile/approvals.ts'
import type { ServerLimits } from '../../../src/config/limits.ts'
import { newTempFolder, newHome, startTestSegue, testLimits, type TestSegue } from './segue.ts'
import { newToolSource } from '../fixtures/tools.ts'
import { shareDatabaseOfHome } from '../postgres/database-of-home.ts'

export interface SegueWithTools extends TestSegue {
  readonly chats: ChatService
  /** Copies the home as `kill -9` would leave it. The server that is started with the copy removes it. */
  copyHome(): string
}

export interface SegueWithToolsOptions {
  readonly home?: string
  readonly limits?: Partial<ServerLimits>
  readonly approvals?: ConfiguredApprovals
}

/**
 * Starts a server with the given tools only. The offline agent answers: `/tool <name> <json>` makes it call a tool,
 * `/ask <question>` makes it ask a question.
 */
export async function startSegueWithTools(
  tools: readonly Tool[],
  { home = newHome(), limits = {}, approvals = {} }: SegueWithToolsOptions = {},
): Promise<SegueWithTools> {
  const settings = { home, limits: { ...testLimits, ...limits }, approvals }
  const segue = await startTestSegue({ settings, createToolSource: () => newToolSource(...tools) })
  return {
    ...segue,
    chats: segue.defaultProfile.chats,
    copyHome: () => {
      const copy = newTempFolder()
      cpSync(home, copy, { recursive: true })
      shareDatabaseOfHome(home, copy)
      return copy
    },
    [Symbol.asyncDispose]: async () => {
      await segue.close()
      rmSync(home, { recursive: true, force: true })
    },
  }
}
