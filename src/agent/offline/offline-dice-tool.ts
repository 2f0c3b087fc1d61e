import { randomInt } from 'node:crypto'
import { z } from 'zod'
import { ToolError, type Tool } from '../tools/tool.ts'

const maxDice = 20

const inputSchema = z.object({ count: z.int().min(1).max(maxDice).default(2) })

/** A tool that needs no MCP server, and asks for approval: with it, approvals can be tried with `/tool roll_dice {"count": 2}`. */
export const offlineDiceTool: Tool = {
  name: 'roll_dice',
  description: 'Rolls dice.',
  inputSchema: {
    type: 'object',
    properties: { count: { type: 'integer', minimum: 1, maximum: maxDice, description: 'How many.' } },
  },
  isReadOnly: false,
  execute: async (input) => {
    const parsed = inputSchema.safeParse(input)
    if (!parsed.success) throw new ToolError(`count is not valid. Use 1 to ${maxDice}.`)
    const dice = Array.from({ length: parsed.data.count }, () => randomInt(1, 7))
    return { dice, sum: dice.reduce((sum, die) => sum + die, 0) }
  },
}
