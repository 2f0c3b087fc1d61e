import { cpSync, rmSync } from 'node:fs'
import { pino } from 'pino'
import { Models } from '../../src/agent/models.ts'
import { offlineModel } from '../../src/agent/offline/offline-model.ts'
import { ApprovalPolicy } from '../../src/agent/tools/approval-policy.ts'
import type { Tool } from '../../src/agent/tools/tool.ts'
import { Toolbox } from '../../src/agent/tools/toolbox.ts'
import { Chats } from '../../src/chat/chats.ts'
import type { ApprovalRules } from '../../src/config/approvals.ts'
import { defaultLimits, type Limits } from '../../src/config/limits.ts'
import { openProfile } from '../../src/profiles/profile.ts'
import { startServer } from '../../src/server/server.ts'
import { Sessions } from '../../src/sessions/sessions.ts'
import { newFolder } from './segue.ts'
import { sourceOf } from './tools.ts'

export interface ToolSegue extends AsyncDisposable {
  /** As in http://127.0.0.1:4000. */
  readonly url: string
  readonly home: string
  readonly chats: Chats
  /** Lines that were logged as warnings or worse. */
  readonly warnings: string[]
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
  { home = newFolder(), limits: given = {}, approvals = {} }: ToolSegueOptions = {},
): Promise<ToolSegue> {
  const warnings: string[] = []
  const log = pino({ level: 'warn', base: null }, { write: (line: string) => void warnings.push(line) })
  const limits = { ...defaultLimits, ...given }
  const onProblem = (error: unknown, what: string): void => log.error({ err: error }, what)
  const profile = openProfile({ home, hermesHome: null, durable: false, log })
  const toolbox = new Toolbox({
    source: sourceOf(...tools),
    policy: new ApprovalPolicy(approvals),
    keep: (bytes) => profile.files.keep(bytes),
    toolTime: limits.toolSeconds * 1000,
    decisionTime: limits.decisionSeconds * 1000,
    resultLength: limits.toolResultLength,
    onProblem,
  })
  const offline = offlineModel({ delayMs: 0, toolbox })
  const models = new Models({ providers: [], offline, toolbox, maxSteps: 5, defaultModel: null, silence: 1000, log })
  const sessions = new Sessions(profile)
  const chats = new Chats({ profile, sessions, models, onProblem })
  await chats.recover()
  const domain = { profile, sessions, chats, models }
  const server = await startServer({ host: '127.0.0.1', port: 0, domain, limits, log })
  return {
    url: server.url,
    home,
    chats,
    warnings,
    copyOfHome: () => {
      const copy = newFolder()
      cpSync(home, copy, { recursive: true })
      return copy
    },
    [Symbol.asyncDispose]: async () => {
      await chats.close()
      await server.close()
      await profile.close()
      rmSync(home, { recursive: true, force: true })
    },
  }
}
