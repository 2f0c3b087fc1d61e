// Measures the memory of an idle server after a burst of chats, queries, uploads and readers that read nothing, against its
// memory before. Usage: npm run bench -- idle-memory
import { once } from 'node:events'
import { readFileSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { ChatClient } from '../tests/support/clients/chat-client.ts'
import { EventReader } from '../tests/support/clients/reader.ts'
import { createImage } from '../tests/support/files/images.ts'
import { sendHttpRequest } from '../tests/support/server/http-exchange.ts'
import { newHome } from '../tests/support/server/segue.ts'
import { startServerProcess } from '../tests/support/server/server-process.ts'
import { printFigures } from './support/figures.ts'

const burst = { chats: 200, queries: 3_000, uploads: 60, readers: 150 }
/** The same in small, so that what is loaded and compiled once counts as memory before. */
const warmUp = { chats: 5, queries: 100, uploads: 2, readers: 3 }
const fileBytes = 10 * 1024 * 1024
const idleMs = 20_000

const home = newHome()
const server = await startServerProcess({
  argv: ['--port', '0', '--home', home, '--offline-delay', '0'],
  env: { HOME: home },
})
const image = Buffer.concat([await createImage('png'), Buffer.alloc(fileBytes)], fileBytes)

/** In MiB. */
function readMemory(): number {
  const status = readFileSync(`/proc/${server.process.pid}/status`, 'utf8')
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024
}

async function chat(count: number): Promise<void> {
  for (let started = 0; started < count; started += 40) {
    await using client = new ChatClient(server.url)
    const chats = Array.from({ length: Math.min(40, count - started) }, async () => {
      const { id } = await client.start({ text: 'Who are you? Tell me all about yourself.' })
      await new EventReader(client.followStream(id)).readToEnd()
    })
    await Promise.all(chats)
  }
}

async function query(count: number): Promise<void> {
  const text =
    '{ conversations(first: 50) { edges { node { id title segments { id messages(first: 5) { edges { node { text } } } } } } } }'
  for (let sent = 0; sent < count; sent += 20) {
    const responses = Array.from({ length: Math.min(20, count) }, async () => {
      const body = JSON.stringify({ query: text })
      const headers = { 'content-type': 'application/json' }
      await (await fetch(`${server.url}/graphql`, { method: 'POST', headers, body })).arrayBuffer()
    })
    await Promise.all(responses)
  }
}

async function upload(count: number): Promise<string> {
  const paths = Array.from({ length: count }, async () => {
    const headers = { 'content-type': 'image/png' }
    const response = await sendHttpRequest(server.url, { method: 'POST', path: '/files', headers, body: image })
    return response.headers.location ?? ''
  })
  return (await Promise.all(paths))[0] ?? ''
}

async function readNothing(path: string, count: number): Promise<void> {
  const { hostname, port } = new URL(server.url)
  const sockets = Array.from({ length: count }, () => connect(Number(port), hostname).on('error', () => undefined))
  for (const socket of sockets) {
    await once(socket, 'connect')
    socket.pause().write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`)
  }
  await pause(3_000)
  for (const socket of sockets) socket.destroy()
}

async function run({ chats, queries, uploads, readers }: typeof burst): Promise<number> {
  let peak = 0
  const timer = setInterval(() => (peak = Math.max(peak, readMemory())), 50)
  await chat(chats)
  await query(queries)
  await readNothing(await upload(uploads), readers)
  clearInterval(timer)
  await pause(idleMs)
  return peak
}

await run(warmUp)
const before = readMemory()
const peak = await run(burst)
const after = readMemory()
printFigures('the memory of an idle server, before and after a burst', {
  'before, MiB': before,
  'peak, MiB': peak,
  'after, MiB': after,
  'ratio (aim: at most 1.5)': after / before,
})
await server.stop('SIGTERM')
rmSync(home, { recursive: true, force: true })
