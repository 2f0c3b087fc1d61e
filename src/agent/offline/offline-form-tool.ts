import { z } from 'zod'
import type { JsonObject } from '../../lib/text/json.ts'
import type { Tool } from '../tools/tool.ts'

const inputSchema = z.object({ question: z.string(), form: z.record(z.string(), z.json()) })

/** The tool behind the command `/form`: asks the user to fill in a form, as MCP servers do while a tool runs. */
export const offlineFormTool: Tool = {
  name: 'form',
  description: 'Asks the user to fill in a form.',
  inputSchema: { type: 'object', properties: { question: { type: 'string' }, form: { type: 'object' } } },
  isReadOnly: true,
  execute: async (input, { askUser }) => {
    const { question, form } = inputSchema.parse(input)
    const answer = await askUser({ question, choices: [], form })
    return answer.type === 'answered' ? (answer.values ?? answer.text) : `The form was ${answer.type}.`
  },
}

/** The JSON Schema of a form with these fields: `name` for a text, `name: a, b` for a choice. All of them are required. */
export function toOfflineFormSchema(fields: readonly string[]): JsonObject {
  const properties = fields.map((field): [string, JsonObject] => {
    const [name = '', ...rest] = field.split(':')
    const choices = rest
      .join(':')
      .split(',')
      .map((choice) => choice.trim())
      .filter(Boolean)
    return [name.trim(), { type: 'string', ...(choices.length > 0 && { enum: choices }) }]
  })
  return { type: 'object', properties: Object.fromEntries(properties), required: properties.map(([name]) => name) }
}
