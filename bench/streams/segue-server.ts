import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import buildProgram, { builtProgram } from '../../tests/support/server/built-program.ts'
import { newHome } from '../../tests/support/server/segue.ts'
import { ServerProcess } from '../support/pinned-process.ts'
import { findId, post } from './readers.ts'

buildProgram()

export const limitServer = join(import.meta.dirname, 'servers', 'limit.ts')

/** The arguments that start Segue in a new home. With the URL of a provider's endpoint, its model answers. */
export function newSegueArguments(provider: string | null, flags: readonly string[] = []): string[] {
  const home = newHome()
  const baseURL = provider?.replace('/chat/completions', '')
  const providers = { paced: { type: 'openai-compatible', baseURL, models: ['paced'] } }
  // A title would be one more answer.
  const config = { model: 'paced/paced', providers, titles: false }
  if (provider !== null) writeFileSync(join(home, 'config.json'), JSON.stringify(config))
  // The offline agent repeats them, word by word.
  else writeFileSync(join(home, 'INSTRUCTIONS.md'), 'word '.repeat(12_000))
  return [builtProgram, '--port', '0', '--home', home, '--hermes-home', 'none', '--grace', '0', ...flags]
}

export function startSegue(provider: string | null, flags: readonly string[] = []): Promise<ServerProcess> {
  const { PATH, HOME } = process.env
  return ServerProcess.start(newSegueArguments(provider, flags), { PATH, HOME })
}

/** The same for `ServerProcess.collectGarbage`. */
export function startCollectableSegue(): Promise<ServerProcess> {
  const { PATH, HOME } = process.env
  return ServerProcess.startCollectable(newSegueArguments(null), { PATH, HOME })
}

/** Starts an answer. Returns the id of its stream, or of its session. */
export async function startChat(url: string, text: string, type: 'str' | 'ses' = 'str'): Promise<string> {
  const mutation = `mutation { startChat(input: { text: ${JSON.stringify(text)} }) { id session { id } } }`
  return findId(await post(url, mutation), type)
}

/** What a client selects of the events of an answer. */
const eventFields = `{ __typename seq sessionId streamId
  ... on TextDelta { messageId partIndex offset text } ... on StreamFinished { status } }`

export const followStream = (id: string, after = 0): string =>
  `subscription { followStream(streamId: "${id}", after: ${after}) ${eventFields} }`

export const followSession = (id: string): string => `subscription { followSession(sessionId: "${id}") ${eventFields} }`
