// What the streams of Segue are measured against: the least that does the same work. Prints its URL.
//
// - A reader is a WebSocket, or an event stream, at /<name>. It receives what is sent to the name.
// - POST /broadcast?name=…&bytes=…&interval=… sends one Buffer to all readers again and again, until DELETE /broadcast?name=….
// - POST /chat?name=…&provider=…&commit=… is a proxy: it parses the event stream of a provider, commits each batch with
//   better-sqlite3, and sends each delta to the readers.
import { createServer, type ServerResponse } from 'node:http'
import { mkdtempSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { type WebSocket, WebSocketServer } from 'ws'

const db = new Database(join(mkdtempSync(join(tmpdir(), 'segue-bench-')), 'limit.db'))
db.pragma('journal_mode = WAL')
db.pragma('synchronous = NORMAL')
db.exec('CREATE TABLE events (stream TEXT, seq INTEGER, body TEXT, PRIMARY KEY (stream, seq)) WITHOUT ROWID')
const insert = db.prepare('INSERT INTO events VALUES (?, ?, ?)')
const commit = db.transaction((stream: string, firstSeq: number, texts: readonly string[]) => {
  for (const [index, text] of texts.entries()) insert.run(stream, firstSeq + index, JSON.stringify({ text }))
})

const broadcasts = new Map<string, NodeJS.Timeout>()
const sockets = new Map<string, Set<WebSocket>>()
const eventStreams = new Map<string, Set<ServerResponse>>()

function add<T>(readers: Map<string, Set<T>>, name: string, reader: T): () => void {
  const ofName = readers.get(name) ?? new Set()
  readers.set(name, ofName.add(reader))
  return () => void ofName.delete(reader)
}

function send(name: string, message: Buffer): void {
  for (const socket of sockets.get(name) ?? []) socket.send(message, { binary: false })
  for (const response of eventStreams.get(name) ?? []) response.write(message)
}

/** Extracts the texts of whole events, and returns the rest. */
function parseEvents(text: string, texts: string[]): string {
  const blocks = text.split('\n\n')
  const rest = blocks.pop() ?? ''
  for (const block of blocks) {
    if (!block.startsWith('data: {')) continue
    const chunk: { choices: { delta: { content?: string } }[] } = JSON.parse(block.slice('data: '.length))
    const content = chunk.choices[0]?.delta.content
    if (content) texts.push(content)
  }
  return rest
}

async function chat(name: string, provider: string, isCommitting: boolean): Promise<void> {
  const response = await fetch(provider, { method: 'POST', body: '{}' })
  const decoder = new TextDecoder()
  let [rest, seq] = ['', 1]
  for await (const bytes of response.body ?? []) {
    const texts: string[] = []
    rest = parseEvents(rest + decoder.decode(bytes, { stream: true }), texts)
    if (isCommitting) commit(name, seq, texts)
    for (const text of texts) send(name, Buffer.from(JSON.stringify({ seq: (seq += 1), text })))
  }
  send(name, Buffer.from('{"type":"StreamFinished"}'))
}

const server = createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? '', 'http://localhost')
  const name = searchParams.get('name') ?? ''
  if (pathname === '/broadcast' && request.method === 'DELETE') {
    clearInterval(broadcasts.get(name))
    response.end()
  } else if (pathname === '/broadcast') {
    const message = Buffer.from(`data: ${'.'.repeat(Number(searchParams.get('bytes')))}\n\n`)
    broadcasts.set(
      name,
      setInterval(() => send(name, message), Number(searchParams.get('interval'))),
    )
    response.end()
  } else if (pathname === '/chat') {
    void chat(name, searchParams.get('provider') ?? '', searchParams.get('commit') === 'true')
    response.end()
  } else {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write(':\n\n')
    response.once('close', add(eventStreams, pathname.slice(1), response))
  }
})
const webSockets = new WebSocketServer({ server })
webSockets.on('connection', (socket, request) => {
  socket.once('close', add(sockets, request.url?.slice(1) ?? '', socket))
})
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo
  process.stdout.write(`http://127.0.0.1:${port}\n`)
})
