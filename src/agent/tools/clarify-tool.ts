import { z } from 'zod'
import { escapeInvisibleInProse } from '../../lib/text/escape-invisible.ts'
import { parseJsonOrNull } from '../../lib/text/json.ts'
import type { JsonObject } from './tool.ts'

/** The built-in tool with which a model asks the user a question and waits for the answer. */
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

export interface ClarifyQuestion {
  readonly question: string
  readonly choices: readonly string[]
}

const maxQuestionLength = 10_000 // UTF-16 code units
const maxChoices = 20
const maxChoiceLength = 500 // UTF-16 code units

const questionSchema = z.object({
  question: z.string().trim().min(1).max(maxQuestionLength).transform(escapeInvisibleInProse),
  choices: z
    .array(z.string().trim().min(1).max(maxChoiceLength).transform(escapeInvisibleInProse))
    .max(maxChoices)
    .default([]),
})

/** Parses the arguments of a `clarify` call. Returns null if they contain no valid question. */
export function parseClarifyQuestion(argumentsText: string): ClarifyQuestion | null {
  return questionSchema.safeParse(parseJsonOrNull(argumentsText)).data ?? null
}
