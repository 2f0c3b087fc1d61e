import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { getExampleFolder } from './example-package.ts'

const startTimeoutMs = 60_000

export interface ViteServer extends AsyncDisposable {
  readonly url: string
}

export interface ViteServerOptions {
  /** See `findFreePort`. */
  readonly port: number
  /** The server of the API, such as `http://127.0.0.1:4000`. */
  readonly segueUrl: string
}

/** A port that was free a moment ago: the API must allow the origin of a page before there is one. */
export async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (typeof address !== 'object' || address === null) throw new Error('There is no free port.')
  return address.port
}

/** Starts the development server of an example, the program of its script `dev`. */
export async function startVite(name: string, { port, segueUrl }: ViteServerOptions): Promise<ViteServer> {
  const folder = getExampleFolder(name)
  const argv = [join('node_modules', 'vite', 'bin', 'vite.js'), '--host', '127.0.0.1', '--port', `${port}`]
  const child = spawn(process.execPath, [...argv, '--strictPort'], {
    cwd: folder,
    env: { ...process.env, NODE_ENV: 'development', VITE_SEGUE_URL: segueUrl },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const exited = once(child, 'exit')
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8')
  const ready = new Promise<void>((resolve) => {
    child.stderr.on('data', (text: string) => (output += text))
    child.stdout.on('data', (text: string) => {
      output += text
      // It writes in colours where it is told that a terminal reads, or that this is continuous integration.
      if (stripVTControlCharacters(output).includes(`:${port}`)) resolve()
    })
  })
  const timeout = setTimeout(() => child.kill(), startTimeoutMs)
  const isReady = await Promise.race([ready.then(() => true), exited.then(() => false)])
  clearTimeout(timeout)
  if (!isReady) throw new Error(`Vite could not start:\n${output}`)
  return {
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      child.kill()
      await exited
    },
  }
}
