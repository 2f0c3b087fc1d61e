import { rmSync } from 'node:fs'
import { newTempFolder } from '../../../tests/support/server/segue.ts'
import { type ServerProcess, startServerProcess } from '../../../tests/support/server/server-process.ts'

/** A server in a process of its own, which can be killed and started again in the same place. */
export async function startKillableServer(offlineDelayMs = 400) {
  const home = newTempFolder()
  const start = (port: string): Promise<ServerProcess> =>
    startServerProcess({
      argv: ['--port', port, '--home', home, '--no-hermes', '--offline-delay', String(offlineDelayMs)],
    })
  let server = await start('0')
  const { url } = server
  return {
    url,
    kill: () => server.stop('SIGKILL'),
    startAgain: async () => {
      server = await start(new URL(url).port)
    },
    [Symbol.asyncDispose]: async () => {
      await server.stop('SIGKILL')
      rmSync(home, { recursive: true, force: true })
    },
  }
}
