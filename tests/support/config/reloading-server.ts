import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ChatClient } from '../clients/chat-client.ts'
import { EventReader } from '../clients/reader.ts'
import { newHome } from '../server/segue.ts'
import { type ServerProcess, startServerProcess } from '../server/server-process.ts'
import { waitUntil } from '../wait-until.ts'

/** A server process whose config.json tests change. */
export interface ReloadingServer extends AsyncDisposable {
  readonly home: string
  readonly server: ServerProcess
  readonly client: ChatClient
  /** How often the log has had a text. */
  countLogged(text: string): number
  /** Resolves when the log has the text once more than before `change`. */
  waitForLog(text: string, change: () => void): Promise<void>
  /** Changes the config.json, which the server is told with a SIGHUP, and waits until it is in effect. */
  writeConfig(config: unknown): Promise<void>
  /** Sends a message and returns what came of it when the answer has ended. */
  chat(text: string, model?: string): Promise<ChatResult>
}

export type ChatResult = Awaited<ReturnType<ChatClient['stream']>>

const applied = 'The changed config.json is in effect.'

export async function startReloadingServer(config: unknown): Promise<ReloadingServer> {
  const home = newHome()
  const path = join(home, 'config.json')
  writeFileSync(path, JSON.stringify(config))
  const server = await startServerProcess({
    argv: ['--port', '0', '--home', home, '--offline-delay', '0'],
    env: { HOME: home },
  })
  const client = new ChatClient(server.url)
  const countLogged = (text: string): number => server.output.stderr.split(text).length - 1
  const waitForLog = async (text: string, change: () => void): Promise<void> => {
    const before = countLogged(text)
    change()
    await waitUntil(
      () => countLogged(text) > before,
      () => server.output.stderr,
    )
  }
  return {
    ...{ home, server, client, countLogged, waitForLog },
    writeConfig: (next) =>
      waitForLog(applied, () => {
        writeFileSync(path, JSON.stringify(next))
        server.process.kill('SIGHUP')
      }),
    chat: async (text, model) => {
      const { id } = await client.start({ text, ...(model !== undefined && { model }) })
      await new EventReader(client.followStream(id)).readToEnd()
      return client.stream(id)
    },
    [Symbol.asyncDispose]: async () => {
      await client[Symbol.asyncDispose]()
      await server[Symbol.asyncDispose]()
      rmSync(home, { recursive: true, force: true })
    },
  }
}
