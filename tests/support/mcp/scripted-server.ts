// An MCP server over stdio, which tests run as a program. Its only argument selects its behaviour.
import { existsSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'

interface Message {
  readonly id?: number
  readonly method: string
  readonly params?: {
    readonly name?: string
    readonly cursor?: string
    readonly requestId?: number
    readonly _meta?: { readonly progressToken?: string }
    readonly capabilities?: object
  }
}

const mode = process.argv[2] ?? ''
const send = (message: object): unknown => process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`)
const textResult = (value: unknown): object => ({ content: [{ type: 'text', text: JSON.stringify(value) }] })

const emptySchema = { type: 'object', properties: {} }
const describeTools = (...names: string[]): object[] => names.map((name) => ({ name, inputSchema: emptySchema }))
const names = [
  'capabilities',
  'work',
  'chatter',
  'huge',
  'loose',
  'pid',
  'family',
  'environment',
  'hang',
  'gated',
  'cancelled',
  'die',
  'grow',
  'quote',
  'wrong',
  'twice',
]
const cancelled: number[] = []
const hanging: number[] = []

const pages: Record<string, object[]> = {
  '': describeTools(...names),
  second: [
    { name: 'untyped', inputSchema: {}, annotations: { readOnlyHint: true } },
    { name: 'nullable', description: 'May be null.', inputSchema: { type: ['object', 'null'] } },
    { name: 'list', inputSchema: { type: 'array' } },
    { name: 'background', inputSchema: emptySchema, execution: { taskSupport: 'required' } },
    ...describeTools('twice', 'files/read a.txt', 'x'.repeat(100)),
  ],
}

/** Lists and descriptions with values that do not belong there. */
const looseTools = [
  { name: 'pid', title: null, description: null, inputSchema: null, annotations: null, outputSchema: 'none' },
  {
    name: 'untyped',
    inputSchema: { properties: { a: { default: null } } },
    annotations: { readOnlyHint: true, cost: 3 },
  },
  { name: 'work', inputSchema: { type: 'object', properties: [] } },
  { description: 'It has no name.' },
  null,
]

function listTools(cursor = ''): object {
  if (mode === 'loose') return { tools: looseTools, nextCursor: null, _meta: null }
  if (mode === 'circle') return { tools: [], nextCursor: 'again' }
  return { tools: pages[cursor] ?? [], ...(cursor === '' && { nextCursor: 'second' }) }
}

let clientCapabilities: object = {}

const calls: Record<string, (id: number, progressToken?: string) => unknown> = {
  capabilities: (id) => send({ id, result: textResult(clientCapabilities) }),
  work: (id, progressToken) => {
    for (const progress of [1, 2]) send({ method: 'notifications/progress', params: { progressToken, progress } })
    send({ method: 'notifications/progress', params: { progressToken: 'unknown', progress: 1 } })
    const log = (level: string, data: unknown) => send({ method: 'notifications/message', params: { level, data } })
    log('debug', 'begin')
    log('warning', { key: process.env['API_KEY'] })
    send({ id, result: textResult('worked') })
  },
  chatter: (id) => {
    for (let n = 0; n < 200; n += 1) send({ method: 'notifications/message', params: { level: 'info', data: n } })
    send({ id, result: textResult('said') })
  },
  // More than the 64 MiB that a message may have.
  huge: (id) => send({ id, result: { content: [{ type: 'text', text: 'x'.repeat(65 * 1024 * 1024) }] } }),
  loose: (id) => {
    const content = [{ type: 'text', text: 'loose', annotations: null }]
    send({ id, error: null, extra: 1, result: { content, isError: null, _meta: null, structuredContent: { a: null } } })
  },
  pid: (id) => send({ id, result: textResult(process.pid) }),
  family: (id) => send({ id, result: textResult({ pid: process.pid, parent: process.ppid }) }),
  environment: (id) => send({ id, result: textResult(process.env) }),
  hang: (id) => hanging.push(id),
  gated: async (id) => {
    while (!existsSync(process.env['GATE'] ?? '')) await pause(10)
    send({ id, result: textResult('passed') })
  },
  cancelled: (id) => send({ id, result: textResult({ cancelled: cancelled.length, hanging: hanging.length }) }),
  die: () => process.kill(process.pid, 'SIGKILL'),
  grow: (id) => {
    pages['']?.push(...describeTools('grown'))
    send({ method: 'notifications/tools/list_changed' })
    send({ id, result: textResult('grown') })
  },
  quote: (id) => send({ id, error: { code: -32_603, message: `not with ${process.env['API_KEY']}` } }),
  untyped: (id) => send({ id, result: textResult('untyped') }),
  wrong: (id) => send({ id, result: { content: [], isError: 'none' } }),
}

const modern = {
  resultType: 'complete',
  supportedVersions: ['2026-07-28'],
  capabilities: { tools: {} },
}

function respond({ id, method, params: { _meta: meta, ...params } = {} }: Message): void {
  if (method === 'notifications/cancelled') cancelled.push(params.requestId ?? -1)
  if (id === undefined || mode === 'silent') return
  if (mode === 'modern') {
    if (method === 'server/discover') send({ id, result: modern })
    else if (method === 'tools/list') send({ id, result: { resultType: 'complete', tools: describeTools('pid') } })
    else send({ id, error: { code: -32_601, message: 'Unknown method.' } })
    return
  }
  if (method === 'initialize') {
    clientCapabilities = params.capabilities ?? {}
    const listChanged = mode === 'loose' ? null : true
    const capabilities =
      mode === 'toolless' ? {} : { tools: { listChanged }, ...(mode === 'loose' && { logging: null }) }
    const serverInfo = mode === 'loose' ? { name: 'scripted', version: null } : { name: 'scripted', version: '1' }
    const instructions = mode === 'instructing' ? { instructions: ` Look first. ${'x'.repeat(9000)}` } : {}
    send({ id, result: { protocolVersion: '2025-06-18', capabilities, serverInfo, ...instructions } })
  } else if (method === 'tools/list') send({ id, result: listTools(params.cursor) })
  else if (method === 'tools/call') calls[params.name ?? '']?.(id, meta?.progressToken)
  else send({ id, error: { code: -32_601, message: `Unsupported method: ${method}` } })
  // Like older servers, exits if it receives anything before the handshake.
  if (method === 'server/discover') process.exit(1)
}

if (mode === 'broken') {
  console.error(`at /srv/app/main.js:1 with ${process.env['API_KEY']} and ${process.env['KEY_OF_OURS']}`)
  process.exit(3)
}
// These modes keep running when standard input closes. `stubborn` ignores SIGTERM as well.
if (mode === 'lasting' || mode === 'stubborn') setInterval(() => {}, 1000)
if (mode === 'stubborn') process.on('SIGTERM', () => {})
if (mode === 'talkative') {
  console.log('Welcome! {"not": "a message"}\n\n[1, 2')
  console.error('listening')
}
// Starts as soon as the file exists.
if (mode === 'gated') while (!existsSync(process.env['GATE'] ?? '')) await pause(10)
createInterface(process.stdin).on('line', (line) => {
  const message: Message = JSON.parse(line)
  respond(message)
})
