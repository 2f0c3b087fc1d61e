import { SegueError } from '../../lib/errors.ts'
import type { PageRequest } from '../../lib/pagination.ts'
import { stringifyJson } from '../../lib/text/json.ts'
import type { JobRecord, JobRunRecord } from '../../model/job.ts'
import type { MessageRecord } from '../../model/message.ts'
import type { SearchPage, SearchRequest } from '../../search/search-hit.ts'
import type { CommandChannel } from '../../storage/installation/command-channel.ts'
import { parseResult } from '../../storage/installation/command-result.ts'
import type { HermesIndex } from '../../storage/installation/hermes-index.ts'
import type { FinishedJobRunQuery } from '../../storage/job-store.ts'
import type { FoundHermesJobRuns } from '../cron/hermes-cron-reader.ts'
import type {
  HermesQuery,
  HermesQueryAnswer,
  HermesQueryCommand,
  HermesQueryResults,
  HermesSource,
} from './hermes-query.ts'

/** What a read of Hermes' files fails with while nobody reads them. */
export const unreachableMessage =
  'The process that reads Hermes is gone. What is in its files can be read again when a process runs that has them.'

/** How long the process that reads may take for one answer. */
const answerTimeoutMs = 10_000
/** The same where Segue has something to show without it. A search takes two seconds at most. */
export const shortAnswerTimeoutMs = 3_000

/** Whether a read has failed because nobody reads Hermes' files, or because that takes too long. */
export function isHermesUnreachable(error: unknown): boolean {
  return error instanceof SegueError && error.code === 'STORAGE'
}

export interface RemoteHermesSourceOptions {
  readonly commands: Pick<CommandChannel, 'send'>
  readonly index: Pick<HermesIndex, 'findAgent'>
}

const emptyPage: SearchPage = { hits: [], searchedUpTo: null }

/**
 * Has the process that reads Hermes read, in answers of a bounded size. Every result is empty if no process has ever read it.
 * Every call throws STORAGE if that process is gone, or too slow.
 */
export class RemoteHermesSource implements HermesSource {
  readonly #options: RemoteHermesSourceOptions

  constructor(options: RemoteHermesSourceOptions) {
    this.#options = options
  }

  listMessages(sessionId: string, page: PageRequest<number>): Promise<MessageRecord[]> {
    return this.#list({ name: 'listMessages', args: [sessionId, page] })
  }

  findMessages(ids: readonly string[]): Promise<MessageRecord[]> {
    return this.#list({ name: 'findMessages', args: [ids] })
  }

  loadContextMessages(sessionId: string): Promise<MessageRecord[]> {
    return this.#list({ name: 'loadContextMessages', args: [sessionId] })
  }

  async search(request: SearchRequest): Promise<SearchPage> {
    return (await this.#load<SearchPage>({ name: 'search', args: [request] })) ?? emptyPage
  }

  listJobs(): Promise<JobRecord[]> {
    return this.#list({ name: 'listJobs', args: [] })
  }

  findJob(id: string): Promise<JobRecord | null> {
    return this.#load<JobRecord>({ name: 'findJob', args: [id] })
  }

  listRuns(jobId: string, page: PageRequest<number>): Promise<JobRunRecord[]> {
    return this.#list({ name: 'listRuns', args: [jobId, page] })
  }

  findRun(id: string): Promise<JobRunRecord | null> {
    return this.#load<JobRunRecord>({ name: 'findRun', args: [id] })
  }

  scanRuns(version: string | null): Promise<HermesQueryResults['scanRuns']> {
    return this.#load({ name: 'scanRuns', args: [version] })
  }

  findRuns(ids: readonly string[]): Promise<FoundHermesJobRuns | null> {
    return this.#findRuns({ name: 'findRuns', args: [ids] })
  }

  listFinishedRuns(query: FinishedJobRunQuery): Promise<FoundHermesJobRuns | null> {
    return this.#findRuns({ name: 'listFinishedRuns', args: [query] })
  }

  async #findRuns(query: HermesQuery): Promise<FoundHermesJobRuns | null> {
    const result = await this.#request<Pick<FoundHermesJobRuns, 'isComplete'> | null, JobRunRecord>(query)
    return result?.head ? { runs: result.items, isComplete: result.head.isComplete } : null
  }

  async #list<Item>(query: HermesQuery): Promise<Item[]> {
    return (await this.#request<null, Item>(query))?.items ?? []
  }

  async #load<Value>(query: HermesQuery): Promise<Value | null> {
    return (await this.#request<Value | null, never>(query))?.head ?? null
  }

  /** Null if no process has ever read Hermes. */
  async #request<Head, Item>(query: HermesQuery): Promise<{ readonly head: Head; readonly items: Item[] } | null> {
    const items: Item[] = []
    for (;;) {
      const answer = await this.#send<HermesQueryAnswer<Head, Item>>({ query, skip: items.length })
      if (!answer) return null
      items.push(...answer.items)
      if (answer.isLast) return { head: answer.head, items }
    }
  }

  async #send<Answer>(command: HermesQueryCommand): Promise<Answer | null> {
    const { commands, index } = this.#options
    const agent = await index.findAgent()
    if (!agent) return null
    if (agent.reader === null) throw new SegueError('STORAGE', unreachableMessage)
    const text = stringifyJson(command)
    const isOptional = command.query.name === 'listJobs' || command.query.name === 'search'
    const timeoutMs = isOptional ? shortAnswerTimeoutMs : answerTimeoutMs
    const result = await commands.send(agent.reader, { service: 'hermes', text }, timeoutMs)
    if (result === null)
      throw new SegueError('STORAGE', 'The process that reads Hermes does not answer. Try again later.')
    return parseResult<Answer>(result)
  }
}
