import { z } from 'zod'
import type { JsonObject } from './tool.ts'
import { parseJsonOrNull } from '../../lib/json.ts'

/** The built-in tool by which a model asks the person something, and waits for the answer. */
export const clarifyTool = {
  name: 'clarify',
  description:
    'Ask the user a question and wait for the answer. Use it when you cannot go on without a decision or a fact that only ' +
    'the user has; not for small talk, and not to have an action approved: tools ask for that themselves.',
  inputSchema: {
    type: 'object',
    properties: {
      question: { type: 'string', description: 'The question, in full.' },
      choices: {
        type: 'array',
        items: { type: 'string' },
        description: 'Answers to offer, if there are a few obvious ones. The user may answer something else.',
      },
    },
    required: ['question'],
    additionalProperties: false,
  },
} as const satisfies { readonly name: string; readonly description: string; readonly inputSchema: JsonObject }

export interface Question {
  readonly question: string
  readonly choices: readonly string[]
}

const questionLimits = { question: 10_000, choices: 20, choice: 500 } // UTF-16 code units, and how many

const questionSchema = z.object({
  question: z.string().trim().min(1).max(questionLimits.question),
  choices: z.array(z.string().trim().min(1).max(questionLimits.choice)).max(questionLimits.choices).default([]),
})

/** What the model wants to know; null when its arguments hold no question. */
export function parseQuestion(argumentsText: string): Question | null {
  return questionSchema.safeParse(parseJsonOrNull(argumentsText)).data ?? null
}
