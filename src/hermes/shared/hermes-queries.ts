import type { PageRequest } from '../../lib/pagination.ts'
import type { Logger } from '../../lib/logger.ts'
import { parseJsonWithExactNumbers, stringifyJson } from '../../lib/text/json.ts'
import { SegueError } from '../../lib/errors.ts'
import type { MessageRecord } from '../../model/message.ts'
import type { SearchPage, SearchRequest } from '../../search/search-hit.ts'
import type { CommandChannel } from '../../storage/installation/command-channel.ts'
import { formatResult, parseResult } from '../../storage/installation/command-result.ts'
import type { HermesIndex } from '../../storage/installation/hermes-index.ts'
import type { ProfileSearch } from '../../storage/profile-search.ts'
import type { MessageReader } from '../../storage/sessions/message-reader.ts'
import { unreachableMessage } from './shared-hermes-agent.ts'

/** Reads of messages that only the process that reads Hermes' files can do. */
type HermesMessageSource = Pick<MessageReader, 'listMessages' | 'findMessages' | 'loadContextMessages'>

/** A read of messages, with the arguments of the method of the same name. */
export type HermesMessageQuery =
  | { readonly name: 'listMessages'; readonly sessionId: string; readonly page: PageRequest<number> }
  | { readonly name: 'findMessages'; readonly ids: readonly string[] }
  | { readonly name: 'loadContextMessages'; readonly sessionId: string }

/** A search in the messages and titles of Hermes. */
interface HermesSearchQuery {
  readonly name: 'search'
  readonly request: SearchRequest
}

/** A command: a read, and how many of its results the asker has already. */
interface HermesQueryCommand {
  readonly query: HermesMessageQuery | HermesSearchQuery
  readonly skip: number
}

/** A part of the results of a read: as many as fit, and at least one. */
interface ResultChunk<Result> {
  readonly results: readonly Result[]
  readonly isComplete: boolean
}

/** The text of one answer, in UTF-16 code units, beyond the last result. */
const maxUnitsPerAnswer = 4_194_304
/** How long the process that reads may take for one answer. */
const answerTimeoutMs = 10_000

export function readHermesMessages(source: HermesMessageSource, query: HermesMessageQuery): Promise<MessageRecord[]> {
  switch (query.name) {
    case 'listMessages':
      return source.listMessages(query.sessionId, query.page)
    case 'findMessages':
      return source.findMessages(query.ids)
    case 'loadContextMessages':
      return source.loadContextMessages(query.sessionId)
  }
}

export interface HermesQueryServerOptions {
  readonly commands: CommandChannel
  /** Null if this process does not read Hermes any more. */
  readonly findSource: () => Promise<HermesMessageSource | null>
  readonly search: Pick<ProfileSearch, 'find'> | null
  readonly log: Logger
}

/** Answers the reads of other processes. */
export function serveHermesQueries({ commands, findSource, search, log }: HermesQueryServerOptions): void {
  const report = { message: 'The process that reads Hermes has failed.', log }
  const execute = async (text: string) => {
    const { query, skip }: HermesQueryCommand = parseJsonWithExactNumbers(text)
    const source = await findSource()
    if (!source || !search) throw new SegueError('STORAGE', unreachableMessage)
    if (query.name !== 'search') return toChunk((await readHermesMessages(source, query)).slice(skip))
    return toChunk([await search.find(query.request, AbortSignal.timeout(answerTimeoutMs))])
  }
  commands.serve('hermes', (text) => formatResult(execute(text), report))
}

/** What asks the process that reads Hermes. */
export interface HermesQueryChannel {
  readonly commands: CommandChannel
  readonly index: Pick<HermesIndex, 'findAgent'>
}

/**
 * Has the process that reads Hermes read messages, in answers of a bounded size. Without any if no process has ever read it.
 * Throws STORAGE if it is gone, or too slow.
 */
export function requestHermesMessages(
  channel: HermesQueryChannel,
  query: HermesMessageQuery,
): Promise<MessageRecord[]> {
  return request<MessageRecord>(channel, query)
}

/** Has it search. Null if no process has ever read Hermes. */
export async function requestHermesSearch(
  channel: HermesQueryChannel,
  searchRequest: SearchRequest,
): Promise<SearchPage | null> {
  const [page] = await request<SearchPage>(channel, { name: 'search', request: searchRequest })
  return page ?? null
}

async function request<Result>(
  { commands, index }: HermesQueryChannel,
  query: HermesQueryCommand['query'],
): Promise<Result[]> {
  const results: Result[] = []
  for (;;) {
    const agent = await index.findAgent()
    if (!agent) return []
    const { reader } = agent
    if (reader === null) throw new SegueError('STORAGE', unreachableMessage)
    const command: HermesQueryCommand = { query, skip: results.length }
    const result = await commands.send(reader, { service: 'hermes', text: stringifyJson(command) }, answerTimeoutMs)
    if (result === null)
      throw new SegueError('STORAGE', 'The process that reads Hermes does not answer. Try again later.')
    const chunk = parseResult<ResultChunk<Result>>(result)
    results.push(...chunk.results)
    if (chunk.isComplete) return results
  }
}

function toChunk<Result>(results: readonly Result[]): ResultChunk<Result> {
  let units = 0
  const end = results.findIndex((result) => {
    const isFull = units > maxUnitsPerAnswer
    units += stringifyJson(result).length
    return isFull
  })
  return end < 0 ? { results, isComplete: true } : { results: results.slice(0, end), isComplete: false }
}
