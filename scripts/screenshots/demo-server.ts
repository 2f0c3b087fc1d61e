import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import buildProgram, { builtProgram } from '../../tests/support/server/built-program.ts'
import { createSegueClient, type SegueClient } from '../../client/src/index.ts'

export interface DemoServer extends AsyncDisposable {
  readonly url: string
  readonly client: SegueClient
  kill(): Promise<void>
  /** On the same port, with the same home. */
  startAgain(): Promise<void>
}

/** Starts the program in a new home. `config` is its config.json. */
export async function startDemoServer(config: object): Promise<DemoServer> {
  const home = mkdtempSync(join(tmpdir(), 'segue-screenshots-'))
  writeFileSync(join(home, 'config.json'), JSON.stringify(config))
  let { child, url } = await start(home, '0')
  const client = createSegueClient({ url })
  const kill = async (): Promise<void> => {
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
  }
  return {
    url,
    client,
    kill,
    startAgain: async () => {
      ;({ child, url } = await start(home, new URL(url).port))
    },
    [Symbol.asyncDispose]: async () => {
      client.close()
      await kill()
      rmSync(home, { recursive: true, force: true })
    },
  }
}

async function start(home: string, port: string): Promise<{ readonly child: ChildProcess; readonly url: string }> {
  buildProgram()
  const args = [builtProgram, '--port', port, '--home', home, '--no-hermes', '--offline-delay', '5']
  // Nothing of the machine's is shown.
  const env = { PATH: process.env['PATH'] ?? '', HOME: home }
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] })
  for await (const line of createInterface(child.stdout)) {
    const url = /^Segue is ready: (.+)\/graphql$/.exec(line)?.[1]
    if (url) return { child, url }
  }
  throw new Error('The server did not start.')
}
