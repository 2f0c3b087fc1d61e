import type { CompletionRequest } from './openai-rules.ts'
import { type ProviderRequest, type Script, toolCallSteps } from './strict-provider.ts'

export interface WindowedModelOptions {
  /** In the model's own tokens. */
  readonly contextWindow: number
  /** How many code units its tokens are. Default: 4. */
  readonly codeUnitsPerToken?: number
  /** Whether its refusals say how many tokens it takes. Default: true. */
  readonly namesWindow?: boolean
  /** How long its summaries are, as a share of the window. Default: one line. */
  readonly summaryShare?: number
}

const imageTokens = 300
const messageTokens = 4

/**
 * A model of the strict provider that refuses what is longer than its window, as OpenAI does. It calls the tools that a
 * message names as `use <tool>`, and writes summaries that say nothing.
 */
export class WindowedModel {
  /** What it was sent for answers, the newest last. */
  readonly answered: CompletionRequest[] = []
  /** How many summaries it has written, and how many requests it has refused as too long. */
  summaryCount = 0
  refusalCount = 0
  readonly #options: WindowedModelOptions

  constructor(options: WindowedModelOptions) {
    this.#options = options
  }

  get contextWindow(): number {
    return this.#options.contextWindow
  }

  /** Serves one request. */
  readonly answer = ({ body }: ProviderRequest): Script => {
    const { contextWindow, codeUnitsPerToken = 4, namesWindow = true, summaryShare = 0 } = this.#options
    const input = countTokens(body, codeUnitsPerToken)
    if (input > contextWindow) {
      this.refusalCount += 1
      const figures = `This model's maximum context length is ${contextWindow} tokens. However, your messages resulted in ${input} tokens.`
      const message = namesWindow ? figures : 'The messages exceed the context length of the model.'
      return [
        { status: 400, body: { error: { message, type: 'invalid_request_error', code: 'context_length_exceeded' } } },
      ]
    }
    if (JSON.stringify(body.messages).includes('Above is a chat between')) {
      this.summaryCount += 1
      const sentence = `They spoke of this and that, for the ${this.summaryCount}. time. `
      return endWith(sentence.repeat(Math.max(1, (summaryShare * contextWindow) / 13)), input)
    }
    this.answered.push(body)
    const last = body.messages.at(-1)
    const names =
      last?.role === 'user' ? [...JSON.stringify(last.content).matchAll(/use (\w+)/g)].map(([, name]) => name) : []
    const calls = names.filter((name) => body.tools?.some((tool) => tool.function.name === name))
    if (calls.length === 0) return endWith('So it is. '.repeat(10), input)
    const count = this.answered.length
    const steps = toolCallSteps(...calls.map((name = '', index) => ({ name, input: {}, id: `call_${count}_${index}` })))
    return steps.map((step) => ('usage' in step ? { usage: { input, output: 20 } } : step))
  }
}

function endWith(text: string, input: number): Script {
  return [{ text }, { finish: 'stop' }, { usage: { input, output: Math.ceil(text.length / 4) } }]
}

function countTokens({ messages, tools = [] }: CompletionRequest, codeUnitsPerToken: number): number {
  let images = 0
  const withoutImages = JSON.stringify(
    [messages.map((message) => Object.values(message)), tools],
    (_, value: unknown) => {
      if (typeof value !== 'string' || !value.startsWith('data:image/')) return value
      images += 1
      return ''
    },
  )
  return Math.ceil(withoutImages.length / codeUnitsPerToken) + images * imageTokens + messages.length * messageTokens
}
