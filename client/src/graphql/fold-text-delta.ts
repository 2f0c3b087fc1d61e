import { foldAnswer, type FoldedAnswer } from '../../../src/model/fold/fold-message.ts'
import type { MessagePart } from '../../../src/model/message.ts'

/** A part of a message as GraphQL clients keep it. `text` may be left out where it is not selected, or there is none. */
export interface GraphQLMessagePart {
  readonly __typename: string
  readonly index: number
  readonly text?: string
}

/** An event that adds text to a part. Its other fields are not read. */
export interface GraphQLTextDelta {
  readonly __typename: 'TextDelta' | 'ReasoningDelta'
  readonly partIndex: number
  /** In UTF-16 code units. */
  readonly offset: number
  readonly text: string
}

/** What a delta makes of its part. Fields that the part had besides are kept. */
export interface GraphQLTextPart extends GraphQLMessagePart {
  readonly __typename: 'TextPart' | 'ReasoningPart'
  readonly text: string
}

/**
 * The parts of an answer after a delta, for the cache of another GraphQL client: by the rule of the server itself. `parts`
 * are all of the message, in order; none, for one that is not known yet.
 *
 * A delta that is applied again changes nothing: then the result is the same array. Parts that do not change are the same
 * objects. Parts before that of the delta which have not arrived, such as tool calls, are empty texts until the cache has
 * the message itself.
 */
export function foldTextDelta<Part extends GraphQLMessagePart>(
  parts: readonly Part[],
  { __typename: type, partIndex, offset, text }: GraphQLTextDelta,
): readonly (Part | GraphQLTextPart)[] {
  const answer: FoldedAnswer = { parts: parts.map(toMessagePart), status: 'STREAMING', usage: null }
  // What the fold of a delta does not read.
  const unread = { at: 0, sessionId: '', streamId: null, messageId: '' }
  const folded = foldAnswer(answer, { ...unread, type, partIndex, offset, text }, () => answer)
  if (folded === null || folded === answer) return parts
  return folded.parts.map((part, index) => {
    const known = parts[index]
    return known && part === answer.parts[index] ? known : toTextPart(part, index, known)
  })
}

function toMessagePart({ __typename, text = '' }: GraphQLMessagePart): MessagePart {
  return { type: __typename === 'ReasoningPart' ? 'reasoning' : 'text', text }
}

function toTextPart(part: MessagePart, index: number, known: GraphQLMessagePart | undefined): GraphQLTextPart {
  const text = part.type === 'text' || part.type === 'reasoning' ? part.text : ''
  return { ...known, __typename: part.type === 'reasoning' ? 'ReasoningPart' : 'TextPart', index, text }
}
