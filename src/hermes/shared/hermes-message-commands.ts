import type { PageRequest } from '../../lib/pagination.ts'
import { parseJsonWithExactNumbers, stringifyJson } from '../../lib/text/json.ts'
import { SegueError } from '../../lib/errors.ts'
import type { MessageRecord } from '../../model/message.ts'
import type { CommandChannel } from '../../storage/installation/command-channel.ts'
import { formatResult, parseResult } from '../../storage/installation/command-result.ts'
import type { HermesIndex } from '../../storage/installation/hermes-index.ts'
import type { MessageReader } from '../../storage/sessions/message-reader.ts'
import { unreachableMessage } from './shared-hermes-agent.ts'

/** Reads of messages that only the process that reads Hermes' files can do. */
type HermesMessageSource = Pick<MessageReader, 'listMessages' | 'findMessages' | 'loadContextMessages'>

/** A read, with the arguments of the method of the same name. */
export type HermesMessageQuery =
  | { readonly name: 'listMessages'; readonly sessionId: string; readonly page: PageRequest<number> }
  | { readonly name: 'findMessages'; readonly ids: readonly string[] }
  | { readonly name: 'loadContextMessages'; readonly sessionId: string }

/** A command: a read, and how many of its messages the asker has already. */
interface HermesMessageCommand {
  readonly query: HermesMessageQuery
  readonly skip: number
}

/** A part of the messages that a read finds: as many as fit, and at least one. */
interface HermesMessageChunk {
  readonly messages: readonly MessageRecord[]
  readonly isComplete: boolean
}

/** The text of one answer, in UTF-16 code units, beyond the last message. */
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

/** Answers the reads of other processes. `findSource`: null if this process does not read Hermes any more. */
export function serveHermesMessages(
  commands: CommandChannel,
  findSource: () => Promise<HermesMessageSource | null>,
): void {
  const execute = async (text: string) => {
    const { query, skip }: HermesMessageCommand = parseJsonWithExactNumbers(text)
    const source = await findSource()
    if (!source) throw new SegueError('STORAGE', unreachableMessage)
    return toChunk((await readHermesMessages(source, query)).slice(skip))
  }
  commands.serve('hermes', (text) => formatResult(execute(text), 'The process that reads Hermes has failed.'))
}

/**
 * Has the process that reads Hermes read messages, in answers of a bounded size. Without any if no process has ever read it.
 * Throws STORAGE if it is gone, or too slow.
 */
export async function requestHermesMessages(
  commands: CommandChannel,
  index: Pick<HermesIndex, 'findAgent'>,
  query: HermesMessageQuery,
): Promise<MessageRecord[]> {
  const messages: MessageRecord[] = []
  for (;;) {
    const agent = await index.findAgent()
    if (!agent) return []
    const { reader } = agent
    if (reader === null) throw new SegueError('STORAGE', unreachableMessage)
    const command: HermesMessageCommand = { query, skip: messages.length }
    const result = await commands.send(reader, { service: 'hermes', text: stringifyJson(command) }, answerTimeoutMs)
    if (result === null)
      throw new SegueError('STORAGE', 'The process that reads Hermes does not answer. Try again later.')
    const chunk = parseResult<HermesMessageChunk>(result)
    messages.push(...chunk.messages)
    if (chunk.isComplete) return messages
  }
}

function toChunk(messages: readonly MessageRecord[]): HermesMessageChunk {
  let units = 0
  const end = messages.findIndex((message) => {
    const isFull = units > maxUnitsPerAnswer
    units += stringifyJson(message).length
    return isFull
  })
  return end < 0 ? { messages, isComplete: true } : { messages: messages.slice(0, end), isComplete: false }
}
