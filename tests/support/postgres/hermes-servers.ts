import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { z } from 'zod'
import { HermesDb } from '../hermes/hermes-db.ts'
import { ask } from '../server/graphql-request.ts'
import { newHome, newTempFolder } from '../server/segue.ts'
import { type ServerProcess, startServerProcess } from '../server/server-process.ts'

/** How long a takeover takes at most, or the end of a lease. */
export const takeoverMs = 20_000

export interface HermesHome {
  readonly folder: string
  readonly hermes: HermesDb
}

/** A Hermes home with an empty state.db. */
export function newHermesHome(): HermesHome {
  const folder = newTempFolder()
  const hermes = new HermesDb(join(folder, 'state.db'))
  onTestFinished(() => {
    hermes.close()
    rmSync(folder, { recursive: true, force: true })
  })
  return { folder, hermes }
}

/** A server with a database and a home of its own, which has the files of a Hermes home, or none. */
export async function startHermesServer(database: string, hermesHome: string | null): Promise<ServerProcess> {
  const home = newHome()
  const hermesFlags = hermesHome === null ? ['--no-hermes'] : ['--hermes-home', hermesHome]
  const argv = ['--port', '0', '--home', home, '--offline-delay', '0', ...hermesFlags]
  const server = await startServerProcess({ argv, env: { SEGUE_DATABASE_URL: database } })
  onTestFinished(async () => {
    await server[Symbol.asyncDispose]()
    rmSync(home, { recursive: true, force: true })
  })
  return server
}

const stateSchema = z.object({ server: z.object({ hermes: z.object({ state: z.string() }) }) })

export async function loadHermesState({ url }: ServerProcess): Promise<string> {
  return (await ask(url, stateSchema, { query: '{ server { hermes { state } } }' })).server.hermes.state
}
