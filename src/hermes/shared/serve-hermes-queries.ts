import { SegueError } from '../../lib/errors.ts'
import type { Logger } from '../../lib/logger.ts'
import { parseJsonWithExactNumbers, stringifyJson } from '../../lib/text/json.ts'
import type { CommandChannel } from '../../storage/installation/command-channel.ts'
import { formatResult } from '../../storage/installation/command-result.ts'
import type { ProfileSearch } from '../../storage/profile-search.ts'
import type { HermesSessionReader } from '../hermes-session-reader.ts'
import {
  type HermesQueryAnswer,
  type HermesQueryCommand,
  type HermesSource,
  runHermesQuery,
  splitHermesQueryResult,
} from './hermes-query.ts'
import { shortAnswerTimeoutMs, unreachableMessage } from './remote-hermes-source.ts'

/** The text of one answer, in UTF-16 code units, beyond the last item. */
const maxUnitsPerAnswer = 4_194_304

export interface HermesQueryServerOptions {
  readonly commands: Pick<CommandChannel, 'serve'>
  /** Null if this process does not read Hermes any more. */
  readonly findReader: () => Promise<HermesSessionReader | null>
  readonly search: Pick<ProfileSearch, 'find'> | null
  readonly log: Logger
}

/** Answers the reads of other processes. */
export function serveHermesQueries({ commands, findReader, search, log }: HermesQueryServerOptions): void {
  const report = { message: 'The process that reads Hermes has failed.', log }
  const execute = async (text: string) => {
    const { query, skip }: HermesQueryCommand = parseJsonWithExactNumbers(text)
    const reader = await findReader()
    if (!reader || !search) throw new SegueError('STORAGE', unreachableMessage)
    return toAnswer(await runHermesQuery(toSource(reader, search), query), skip)
  }
  commands.serve('hermes', (text) => formatResult(execute(text), report))
}

function toSource(reader: HermesSessionReader, search: Pick<ProfileSearch, 'find'>): HermesSource {
  return {
    ...reader.jobs.source,
    listMessages: (sessionId, page) => reader.listMessages(sessionId, page),
    findMessages: (ids) => reader.findMessages(ids),
    loadContextMessages: (sessionId) => reader.loadContextMessages(sessionId),
    search: (request) => search.find(request, AbortSignal.timeout(shortAnswerTimeoutMs)),
  }
}

/** The items after the first `skip`: as many as fit, and at least one. */
function toAnswer(
  result: Parameters<typeof splitHermesQueryResult>[0],
  skip: number,
): HermesQueryAnswer<unknown, object> {
  const { head, items } = splitHermesQueryResult(result)
  const rest = items.slice(skip)
  let units = 0
  const end = rest.findIndex((item) => {
    const isFull = units > maxUnitsPerAnswer
    units += stringifyJson(item).length
    return isFull
  })
  return end < 0 ? { head, items: rest, isLast: true } : { head, items: rest.slice(0, end), isLast: false }
}
