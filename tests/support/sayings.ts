import { setImmediate as breathe } from 'node:timers/promises'
import { noUsage, type Usage } from '../../src/model/records.ts'
import type { AgentChats, Answer } from './agent-chats.ts'

/** An answer in one step that says a text. `used`: the provider's figures; without them there are none. */
export function says(text: string, used: Partial<Usage> | null = null, estimatedInputTokens = 1): Answer {
  return async function* (run) {
    await run.history()
    yield { type: 'step', estimatedInputTokens }
    yield { type: 'text', block: '1', text }
    if (used) yield { type: 'usage', usage: { ...noUsage, ...used } }
  }
}

/** An answer of which nothing ever comes. */
// oxlint-disable-next-line require-yield
export const stuck: Answer = async function* () {
  await new Promise<never>(() => {})
}

/** A turn from its first event to its last; resolves to the session in which it was had. */
export async function turn(
  { start, follow }: AgentChats,
  sessionId: string | null = null,
  text = 'Hi',
): Promise<string> {
  const stream = await start(text, { sessionId })
  await follow(stream.id)
  return stream.sessionId
}

/** Lets everything go on that waits for nothing but its turn: what is stored here is there at once. */
export async function calm(): Promise<void> {
  for (let count = 0; count < 20; count += 1) await breathe()
}

const text = (said: string) => ({ type: 'text', text: said }) as const

/** Messages as a model is sent them. */
export const told = {
  text,
  user: (said: string) => ({ role: 'user', content: [text(said)] }),
  assistant: (said: string) => ({ role: 'assistant', content: [text(said)] }),
  /** What stands for all that was said in an earlier session. */
  summary: (said: string) =>
    told.user(`This chat goes on from an earlier one. What was said there, in short:\n\n${said}`),
}
