import type { MessagePart } from 'segue-client'
import { getMessageText } from 'segue-client/react'

/** The number of words of a message's text. */
export function countWords(message: { readonly parts: readonly MessagePart[] }): number {
  return getMessageText(message).match(/[\p{L}\p{N}]+(?:['’.-][\p{L}\p{N}]+)*/gu)?.length ?? 0
}
