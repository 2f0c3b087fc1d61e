import type { IncomingMessage, ServerResponse } from 'node:http'
import { text as readText } from 'node:stream/consumers'
import { AgentError, type AgentEvent, type AgentRun } from '../../../../src/agent/agent.ts'
import { createModelAgent } from '../../../../src/agent/model-agent/model-agent.ts'
import type { ModelObserver } from '../../../../src/agent/model-agent/model-observer.ts'
import { createLanguageModel } from '../../../../src/agent/providers/create-language-model.ts'
import type { Dialect } from '../../../../src/agent/providers/dialect.ts'
import { providerDialects } from '../../../../src/agent/providers/select-dialect.ts'
import type { Tool } from '../../../../src/agent/tools/tool.ts'
import type { Provider } from '../../../../src/config/profile/provider.ts'
import { newAgentRun } from '../../fixtures/agent-run.ts'
import { newToolbox } from '../../fixtures/toolbox.ts'
import { newToolSource } from '../../fixtures/tools.ts'
import { RecordingLogger } from '../../recording-logger.ts'
import { startHttpServer } from '../../server/small-server.ts'
import { newProviderFetch, newRequestPolicy } from '../connections.ts'
import { newProvider } from '../provider.ts'
import type { DialectServer } from './dialect-server.ts'

/** One response: a stream, JSON with a status, or whatever a function does. */
export type DialectResponse =
  | string
  | { readonly status: number; readonly body: unknown; readonly headers?: Readonly<Record<string, string>> }
  | ((response: ServerResponse) => void)

export interface AskOptions {
  readonly tools?: readonly Tool[]
  readonly loadHistory?: AgentRun['loadHistory']
  readonly maxSteps?: number
  readonly observer?: ModelObserver
  /** Looks at the body of a request before the responses: what it returns is sent instead; null if nothing is. */
  readonly refuse?: (body: string) => DialectResponse | null
}

/** The key of the provider. */
const dialectServerKey = 'test-key-0123456789'

/** What came of one answer. */
export interface DialectAnswer {
  readonly events: readonly AgentEvent[]
  readonly error: AgentError | null
  readonly text: string
  readonly reasoning: string
  /** The bodies of the requests. */
  readonly requests: readonly Readonly<Record<string, unknown>>[]
  readonly log: RecordingLogger
}

export function newDialectProvider({ type, path }: DialectServer, url: string): Provider {
  return newProvider({ type, baseURL: `${url}${path}`, apiKey: dialectServerKey })
}

/** The dialect of a server. Its address does not tell, because tests run on this machine. */
export function findDialect({ name }: DialectServer): Dialect {
  const dialect = providerDialects.find((each) => each.name === name.replace(/,.*$/, ''))
  if (!dialect) throw new Error(`There is no dialect ${name}.`)
  return dialect
}

/**
 * Has a model of this server answer. The responses come in order; the last one again and again. A response
 * that asks for a wait is the last one.
 */
export async function askDialectServer(
  server: DialectServer,
  responses: readonly DialectResponse[],
  { tools = [], loadHistory, maxSteps = 3, observer, refuse = () => null }: AskOptions = {},
): Promise<DialectAnswer> {
  const requests: Record<string, unknown>[] = []
  const respond = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const body = await readText(incoming)
    requests.push(JSON.parse(body))
    const response = refuse(body) ?? responses[requests.length - 1] ?? responses.at(-1) ?? ''
    send(outgoing, response, server.headers)
  }
  await using http = await startHttpServer((incoming, outgoing) => {
    respond(incoming, outgoing).catch((error: Error) => outgoing.destroy(error))
  })
  const log = new RecordingLogger()
  const provider = newDialectProvider(server, http.url)
  const dialect = findDialect(server)
  const agent = createModelAgent({
    model: createLanguageModel(provider, 'm', { fetch: newProviderFetch(), log }),
    secrets: [dialectServerKey],
    maxSteps,
    requestPolicy: newRequestPolicy({ retryRules: dialect.retry, maxRetryWaitMs: 0 }),
    toolbox: newToolbox({ source: newToolSource(...tools) }),
    toolLimits: dialect.tools,
    ...(observer && { observer }),
  })
  const events: AgentEvent[] = []
  let error: AgentError | null = null
  try {
    for await (const event of agent.answer(newAgentRun(loadHistory && { loadHistory }))) events.push(event)
  } catch (cause) {
    if (!(cause instanceof AgentError)) throw cause
    error = cause
  }
  return { events, error, text: joinTexts(events, 'text'), reasoning: joinTexts(events, 'reasoning'), requests, log }
}

function send(outgoing: ServerResponse, response: DialectResponse, headers: DialectServer['headers']): void {
  if (typeof response === 'function') return response(outgoing)
  if (typeof response === 'string') {
    outgoing.writeHead(200, { ...headers, 'content-type': 'text/event-stream' }).end(response)
    return
  }
  const own = { ...headers, 'content-type': 'application/json', ...response.headers }
  outgoing.writeHead(response.status, own).end(JSON.stringify(response.body))
}

function joinTexts(events: readonly AgentEvent[], type: 'text' | 'reasoning'): string {
  return events.map((event) => (event.type === type ? event.text : '')).join('')
}
