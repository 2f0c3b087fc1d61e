import type { JobRunRecord } from '../../model/job.ts'
import type { MessageRecord } from '../../model/message.ts'
import type { SearchPage, SearchRequest } from '../../search/search-hit.ts'
import type { MessageReader } from '../../storage/sessions/message-reader.ts'
import type { HermesJobSource } from '../hermes-job-source.ts'

/** What only the process that reads Hermes' files can read. */
export interface HermesSource
  extends Pick<MessageReader, 'listMessages' | 'findMessages' | 'loadContextMessages'>, HermesJobSource {
  /** Searches messages and titles. */
  search(request: SearchRequest): Promise<SearchPage>
}

type QueryName = keyof HermesSource
type QueryArguments = { readonly [Name in QueryName]: Parameters<HermesSource[Name]> }
export type HermesQueryResults = { readonly [Name in QueryName]: Awaited<ReturnType<HermesSource[Name]>> }

/** A read, as the name of a method of `HermesSource` and its arguments. */
export type HermesQuery<Name extends QueryName = QueryName> = {
  readonly [Each in Name]: { readonly name: Each; readonly args: QueryArguments[Each] }
}[Name]

type QueryFunctions = {
  readonly [Name in QueryName]: (...args: QueryArguments[Name]) => Promise<HermesQueryResults[Name]>
}

/** The command for a read, and how many items of its result the asker has already. */
export interface HermesQueryCommand {
  readonly query: HermesQuery
  readonly skip: number
}

/** A result, of which the items are sent in parts: messages or runs. Everything else is the head. */
interface HermesQueryResult<Head, Item> {
  readonly head: Head
  readonly items: readonly Item[]
}

export interface HermesQueryAnswer<Head, Item> extends HermesQueryResult<Head, Item> {
  /** Whether it has the last item. */
  readonly isLast: boolean
}

export function runHermesQuery<Name extends QueryName>(
  source: QueryFunctions,
  { name, args }: HermesQuery<Name>,
): Promise<HermesQueryResults[Name]> {
  return source[name](...args)
}

export function splitHermesQueryResult(
  result: HermesQueryResults[QueryName],
): HermesQueryResult<unknown, MessageRecord | JobRunRecord | object> {
  if (Array.isArray(result)) return { head: null, items: result }
  if (typeof result === 'object' && result && 'isComplete' in result)
    return { head: { isComplete: result.isComplete }, items: result.runs }
  return { head: result, items: [] }
}
