import { createHash } from 'node:crypto'
import type { EventFieldsFragment, PartFieldsFragment, ToolCallFieldsFragment } from '../generated/graphql.ts'

type Part = PartFieldsFragment
type Delta = { readonly offset: number }

/**
 * Folds the events of a stream into the parts of the assistant's message, as a client would, by the descriptions of the
 * schema alone. It shares no code with the server, so that tests can compare the two.
 */
export function foldParts(events: readonly EventFieldsFragment[], initialParts: readonly Part[] = []): Part[] {
  const parts = [...initialParts]
  for (const event of events) {
    switch (event.type) {
      case 'TextDelta':
      case 'ReasoningDelta': {
        const { partIndex: index, text } = event
        const before = parts[index]
        const origin = readOrigin(before, event)
        const known = before && 'text' in before ? before.text : ''
        const isText = event.type === 'TextDelta' && before?.type !== 'ReasoningPart'
        const type = isText ? 'TextPart' : 'ReasoningPart'
        parts[index] = { type, index, ...origin, text: applyDelta(known, event, text) }
        break
      }
      case 'ToolCallDelta': {
        const { partIndex: index, toolCallId: id, toolName: name } = event
        const before = parts[index]
        const known = before && 'toolCall' in before ? before.toolCall : newToolCall(id, name)
        const toolCall = { ...known, argumentsText: applyDelta(known.argumentsText, event, event.argumentsText) }
        parts[index] = { type: 'ToolCallPart', index, ...readOrigin(before, event), toolCall }
        break
      }
      case 'ToolCallChanged': {
        const { partIndex: index, toolCall } = event
        const before = parts[index]
        if (!before) throw new Error(`The call ${toolCall.id} has no delta.`)
        parts[index] = { type: 'ToolCallPart', index, ...readOrigin(before, before), toolCall }
        break
      }
      case 'FilePartAdded': {
        const { partIndex: index, step, at, mediaType, name, url } = event
        const times = { startedAt: at, endedAt: at }
        parts[index] = { type: 'FilePart', index, step, ...times, mediaType, name: name ?? null, url }
        break
      }
      case 'PartFinished': {
        const before = parts[event.partIndex]
        if (!before) throw new Error(`Part ${event.partIndex} ended before it began.`)
        parts[event.partIndex] = { ...before, endedAt: before.endedAt ?? event.at }
        break
      }
      case 'StepFinished':
      case 'MessageSteered':
      case 'StreamStarted':
      case 'StreamChanged':
      case 'QueueChanged':
      case 'ApprovalChanged':
      case 'ClarificationChanged':
      case 'SessionChanged':
      case 'SessionContinued':
      case 'StreamReset':
      case 'StreamFinished':
    }
  }
  return parts
}

function applyDelta(part: string, { offset }: Delta, text: string): string {
  if (offset > part.length) throw new Error(`The delta at ${offset} leaves a gap after ${part.length}.`)
  return part.substring(0, offset) + text + part.substring(offset + text.length)
}

/** What a part keeps: its first delta has begun it, and it may have ended before the deltas were read again. */
function readOrigin(before: Part | undefined, { step, startedAt }: Pick<Part, 'step'> & { startedAt?: string | null }) {
  return { step, startedAt: startedAt ?? null, endedAt: before?.endedAt ?? null }
}

function newToolCall(id: string, name: string): ToolCallFieldsFragment {
  return {
    id,
    name,
    providerId: null,
    argumentsText: '',
    arguments: null,
    state: 'STREAMING',
    result: null,
    resultUrl: null,
    error: null,
    startedAt: null,
    finishedAt: null,
  }
}

/** The digest of a message with these parts, by the rule in the schema. */
export function computeDigest(parts: readonly Part[]): string {
  return createHash('sha256')
    .update(canonicalJson(parts.map(toDigestForm)))
    .digest('hex')
}

function toDigestForm(part: Part): object {
  switch (part.type) {
    case 'TextPart':
      return { type: 'text', text: part.text }
    case 'ReasoningPart':
      return { type: 'reasoning', text: part.text }
    case 'ToolCallPart': {
      const { id, name, argumentsText, state, result, error } = part.toolCall
      return { type: 'tool', id, name, argumentsText, state, result: result ?? undefined, error: error ?? undefined }
    }
    case 'FilePart':
      return { type: 'file', mediaType: part.mediaType, name: part.name ?? undefined, url: part.url }
  }
}

/** RFC 8785: members in the order of the UTF-16 code units of their names, everything else as in JSON.stringify. */
function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const members = Object.entries(value).filter(([, member]) => member !== undefined)
  members.sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`).join(',')}}`
}
