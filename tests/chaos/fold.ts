import { createHash } from 'node:crypto'
import { z } from 'zod'

/** The fields of an event that the operations of a chaos run select. */
export const chaosEventSchema = z.object({
  type: z.string(),
  seq: z.int(),
  partIndex: z.int().optional(),
  offset: z.int().optional(),
  text: z.string().optional(),
  argumentsText: z.string().optional(),
  toolCallId: z.string().optional(),
  toolName: z.string().optional(),
  toolCall: z.record(z.string(), z.unknown()).optional(),
  stream: z.object({ status: z.string(), lastSeq: z.int() }).optional(),
  message: z.object({ id: z.string(), digest: z.string() }).nullish(),
})

export type ChaosEvent = z.output<typeof chaosEventSchema>

type Part = Record<string, unknown>

/** Folds events into the parts of a message, by the rules in the schema. */
export class MessageFold {
  readonly #parts: Part[] = []

  apply(event: ChaosEvent): void {
    const { partIndex: index = 0, offset = 0 } = event
    const part = this.#parts[index]
    switch (event.type) {
      case 'TextDelta':
      case 'ReasoningDelta': {
        const type = event.type === 'TextDelta' && part?.['type'] !== 'reasoning' ? 'text' : 'reasoning'
        this.#parts[index] = { type, text: applyDelta(part?.['text'], offset, event.text ?? '') }
        break
      }
      case 'ToolCallDelta': {
        const known = part ?? { type: 'tool', id: event.toolCallId, name: event.toolName, state: 'STREAMING' }
        const argumentsText = applyDelta(known['argumentsText'], offset, event.argumentsText ?? '')
        this.#parts[index] = { ...known, argumentsText }
        break
      }
      case 'ToolCallChanged':
        this.#parts[index] = { type: 'tool', ...event.toolCall }
        break
    }
  }

  get digest(): string {
    return createHash('sha256').update(canonicalJson(this.#parts)).digest('hex')
  }

  get isEmpty(): boolean {
    return this.#parts.length === 0
  }
}

function applyDelta(current: unknown, offset: number, text: string): string {
  const part = typeof current === 'string' ? current : ''
  if (offset > part.length) throw new Error(`The delta at ${offset} leaves a gap after ${part.length}.`)
  return part.slice(0, offset) + text + part.slice(offset + text.length)
}

/** RFC 8785, without members that are null, as the schema specifies for digests. */
function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const members = Object.entries(value).filter(([, member]) => member !== null && member !== undefined)
  members.sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`).join(',')}}`
}
