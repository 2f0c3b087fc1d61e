import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { getOperationAST, parse } from 'graphql'
import { z } from 'zod'
import { readEventStream } from '../../contract/support/event-stream.ts'
import { HermesDb } from '../hermes/hermes-db.ts'
import { newTempFolder } from '../server/segue.ts'
import { type ServerProcess, startServerProcess } from '../server/server-process.ts'
import { type DocumentedOperation, documentationPages, listOperations, repositoryRoot } from './markdown.ts'

/** The field of each root field, by the root field's name. */
export type ResultData = Readonly<Record<string, Readonly<Record<string, unknown>> | undefined>>

const resultSchema = z.strictObject({ data: z.record(z.string(), z.record(z.string(), z.unknown())) })

const operations = new Map(documentationPages.flatMap(listOperations).map((operation) => [operation.name, operation]))

/**
 * The real program with what the documentation describes: a Hermes chat of two sessions, the filesystem MCP server in the
 * home, and the offline agent with 20 ms between words, so that an answer can be stopped.
 */
export class DocsServer implements AsyncDisposable {
  readonly folder: string
  readonly #process: ServerProcess
  /** Names of the operations that ran. */
  readonly executed = new Set<string>()

  private constructor(folder: string, process: ServerProcess) {
    this.folder = folder
    this.#process = process
  }

  static async start(): Promise<DocsServer> {
    const folder = newTempFolder()
    fillHermesHome(join(folder, 'hermes'))
    mkdirSync(join(folder, 'home'))
    const server = join(
      repositoryRoot,
      'node_modules',
      '@modelcontextprotocol',
      'server-filesystem',
      'dist',
      'index.js',
    )
    const files = { command: process.execPath, args: [server, '.'] }
    const prices = { 'offline/*': { input: 0.1, output: 0.4 } }
    writeFileSync(join(folder, 'home', 'config.json'), JSON.stringify({ mcpServers: { files }, prices }))
    const homes = ['--home', join(folder, 'home'), '--hermes-home', join(folder, 'hermes')]
    const flags = ['--port', '0', '--model', 'offline/eliza', '--offline-delay', '20']
    return new DocsServer(folder, await startServerProcess({ argv: [...homes, ...flags] }))
  }

  get url(): string {
    return this.#process.url
  }

  /** Runs a query or mutation of the documentation. `variables` replace members of the documented ones. */
  async run(name: string, variables: object = {}): Promise<ResultData> {
    const [data] = await this.stream(name, variables)
    if (!data) throw new Error(`${name} returned no result`)
    return data
  }

  /** Runs an operation of the documentation. Reads a subscription up to the first result that passes `isLast`. */
  async stream(name: string, variables: object = {}, isLast?: (data: ResultData) => boolean): Promise<ResultData[]> {
    const operation = this.#find(name)
    this.executed.add(name)
    return this.request(operation.query, { ...JSON.parse(operation.variables), ...variables }, isLast)
  }

  /** The same for an operation that the documentation does not have. */
  async request(
    query: string,
    variables: object = {},
    isLast: (data: ResultData) => boolean = () => false,
  ): Promise<ResultData[]> {
    const isSubscription = getOperationAST(parse(query))?.operation === 'subscription'
    const accept = isSubscription ? 'text/event-stream' : 'application/json'
    const response = await fetch(`${this.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept },
      body: JSON.stringify({ query, variables }),
    })
    if (!isSubscription) return [toResultData(await response.json())]
    const results: ResultData[] = []
    for await (const event of readEventStream(response)) {
      if (event.event !== 'next') continue
      const { data } = resultSchema.parse(JSON.parse(event.data))
      results.push(data)
      if (isLast(data)) break
    }
    return results
  }

  /** The documented variables of an operation. */
  variablesOf(name: string): Record<string, unknown> {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(this.#find(name).variables))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]()
    rmSync(this.folder, { recursive: true, force: true })
  }

  #find(name: string): DocumentedOperation {
    const operation = operations.get(name)
    if (!operation) throw new Error(`The documentation has no operation named ${name}`)
    return operation
  }
}

/** Root fields that are no objects, such as deleteSession's id, are wrapped as `{ value }`. */
function toResultData(body: unknown): ResultData {
  const { data } = z.strictObject({ data: z.record(z.string(), z.unknown()) }).parse(body)
  return Object.fromEntries(
    Object.entries(data).map(([field, value]) => [
      field,
      typeof value === 'object' && value !== null && !Array.isArray(value)
        ? z.record(z.string(), z.unknown()).parse(value)
        : { value },
    ]),
  )
}

/** A chat that Hermes continued once and that can be continued in Segue. */
function fillHermesHome(hermesHome: string): void {
  mkdirSync(hermesHome)
  const hermes = new HermesDb(join(hermesHome, 'state.db'))
  const first = hermes.addSession('20260213_090000_d4e5f6', {
    started_at: 100,
    ended_at: 200,
    end_reason: 'compression',
  })
  const second = hermes.addSession('20260214_101500_a1b2c3', {
    title: 'Garden',
    started_at: 200,
    ended_at: 300,
    end_reason: 'cli_close',
    parent_session_id: first,
  })
  hermes.addMessage(first, 101, { content: 'What can I plant in November?' })
  hermes.addMessage(second, 201, { content: 'And where?' })
  hermes.close()
}

/** What `Sessions` returns of the two Hermes sessions, newest first. */
export const hermesLineage = [
  { id: '20260214_101500_a1b2c3', segmentCount: 2, lineageRoot: { id: '20260213_090000_d4e5f6' } },
  { id: '20260213_090000_d4e5f6', segmentCount: 1, lineageRoot: { id: '20260213_090000_d4e5f6' } },
]

const sessionNode = z.object({
  id: z.string(),
  segmentCount: z.int(),
  lineageRoot: z.object({ id: z.string() }),
})
const sessionsSchema = z.object({ sessions: z.object({ edges: z.array(z.object({ node: sessionNode })) }) })

/** The Hermes sessions in the result of a `sessions` query. */
export function selectHermesSessions(data: unknown): z.infer<typeof sessionNode>[] {
  const nodes = sessionsSchema.parse(data).sessions.edges.map((edge) => edge.node)
  return nodes.filter(({ id }) => !id.startsWith('ses_'))
}
