import { AsyncLocalStorage } from 'node:async_hooks'
import type { ElicitResult } from '@ai-sdk/mcp'
import { z } from 'zod'
import { escapeInvisible, escapeInvisibleInProse } from '../../lib/text/escape-invisible.ts'
import { isJsonObject, type Json, type JsonObject, toRawJson } from '../../lib/text/json.ts'
import { truncate } from '../../lib/text/truncate.ts'
import { elicitationParamsKey } from './transport/normalize-elicitations.ts'
import type { ToolExecutionContext, ToolQuestion, ToolQuestionAnswer } from '../tools/tool.ts'

type AskUser = ToolExecutionContext['askUser']

const maxQuestionLength = 10_000 // UTF-16 code units
const maxFormLength = 65_536 // UTF-16 code units of JSON

const requestSchema = z.looseObject({ [elicitationParamsKey]: z.unknown() })

const elicitationSchema = z.looseObject({
  mode: z.string().nullish(),
  message: z.string().catch(''),
  requestedSchema: z.custom<Json>().optional(),
  url: z.string().nullish(),
})

/**
 * What an MCP server asks the user while one of its tools runs. A question belongs to the call that causes it: by the
 * response in which it arrives where there is one, else it is taken for the newest call.
 */
export class McpElicitations {
  readonly #currentCall = new AsyncLocalStorage<AskUser>()
  readonly #calls = new Set<AskUser>()

  /** Makes a call. Until it has settled, questions of the server that belong to it reach the user by `askUser`. */
  async listen<T>(askUser: AskUser, call: () => Promise<T>): Promise<T> {
    // Each call has a function of its own.
    const ask: AskUser = (question) => askUser(question)
    this.#calls.add(ask)
    try {
      return await this.#currentCall.run(ask, call)
    } finally {
      this.#calls.delete(ask)
    }
  }

  /** Handles the normalised parameters of an `elicitation/create`. Without a call, and if they cannot be read, it is cancelled. */
  async handle(params: unknown): Promise<ElicitResult> {
    const current = this.#currentCall.getStore()
    const ask = current && this.#calls.has(current) ? current : [...this.#calls].at(-1)
    const question = toToolQuestion(params)
    return ask && question ? toElicitResult(await ask(question)) : { action: 'cancel' }
  }
}

/** Null if the form is too large or not one of an object. */
function toToolQuestion(params: unknown): ToolQuestion | null {
  const request = requestSchema.safeParse(params).data
  const elicitation = elicitationSchema.safeParse(request?.[elicitationParamsKey]).data
  if (!elicitation) return null
  const { mode, message, requestedSchema, url } = elicitation
  if (mode === 'url') {
    if (!url) return null
    // Segue opens no URL: the user decides by what it shows.
    const text = [escapeInvisibleInProse(message.trim()), escapeInvisible(url)].filter(Boolean).join('\n\n')
    return { question: truncate(text, maxQuestionLength), choices: ['Done'], form: null }
  }
  const form = toForm(requestedSchema)
  const question = truncate(escapeInvisibleInProse(message.trim()), maxQuestionLength)
  return form && { question: question || 'The tool asks for some values.', choices: [], form }
}

/** Some servers leave out what every form has: that its value is an object. */
function toForm(schema: Json | undefined): JsonObject | null {
  const form = schema ?? {}
  if (!isJsonObject(form) || (form['type'] ?? 'object') !== 'object') return null
  return JSON.stringify(toRawJson(form)).length > maxFormLength ? null : { ...form, type: 'object' }
}

function toElicitResult(answer: ToolQuestionAnswer): ElicitResult {
  if (answer.type === 'declined') return { action: 'decline' }
  if (answer.type === 'cancelled') return { action: 'cancel' }
  if (answer.values === null) return { action: 'accept' }
  const content = Object.entries(answer.values).map(([name, value]) => [name, toRawJson(value)])
  return { action: 'accept', content: Object.fromEntries(content) }
}
