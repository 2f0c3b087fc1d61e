import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import {
  type ScriptedHttpServer,
  secret,
  sendText,
  startScriptedHttpServer,
} from '../../support/mcp/scripted-http-server.ts'
import { StrictProvider } from '../../support/providers/strict-provider.ts'
import { ChaosClient } from '../chaos-client.ts'
import { RestartableServer } from '../restartable-server.ts'
import { answerRequest } from './scripted-answers.ts'

/** The models of schedules: the offline agent, and one of the strict provider. */
export const scheduleModels = { offline: 'offline/eliza', strict: 'strict/test' } as const

/** Milliseconds between two words of the offline agent. */
const offlineDelayMs = 12

const noteCallSchema = z.object({ params: z.object({ arguments: z.object({ note: z.string() }) }) })

/** What many schedules share: a server that may be killed, a strict provider, and a tool that needs approval. */
export class ScheduleWorld implements AsyncDisposable {
  readonly server: RestartableServer
  readonly client: ChaosClient
  readonly provider: StrictProvider
  readonly #tools: ScriptedHttpServer

  private constructor(home: string, provider: StrictProvider, tools: ScriptedHttpServer) {
    this.server = new RestartableServer(home, { env: { SEGUE_OFFLINE_DELAY: String(offlineDelayMs) } })
    this.client = new ChaosClient(this.server)
    this.provider = provider
    this.#tools = tools
  }

  static async start(): Promise<ScheduleWorld> {
    const provider = await StrictProvider.start()
    provider.defaultAnswer = ({ body }) => answerRequest(body)
    const tools = await startScriptedHttpServer({
      write: (response, request) => sendText(response, request, 'Written.'),
    })
    const home = mkdtempSync(join(tmpdir(), 'segue-schedules-'))
    const settings = {
      model: scheduleModels.offline,
      providers: {
        strict: { type: 'openai-compatible', baseURL: provider.baseURL, models: ['test'], contextWindow: 100_000 },
      },
      mcpServers: { notes: { url: tools.server.url, headers: { authorization: `Bearer ${secret}` } } },
      limits: { modelIdleSeconds: 2 },
    }
    writeFileSync(join(home, 'config.json'), JSON.stringify(settings))
    return new ScheduleWorld(home, provider, tools)
  }

  /** How often the tool was run, by note. */
  countRuns(): ReadonlyMap<string, number> {
    const runs = new Map<string, number>()
    for (const { message, body } of this.#tools.received) {
      if (message.method !== 'tools/call') continue
      const { note } = noteCallSchema.parse(JSON.parse(body)).params.arguments
      runs.set(note, (runs.get(note) ?? 0) + 1)
    }
    return runs
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.stop()
    await this.provider.close()
    await this.#tools[Symbol.asyncDispose]()
  }
}
