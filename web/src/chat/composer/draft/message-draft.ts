import type { ChatMessage } from 'segue-client'
import { getMessageText } from 'segue-client/react'
import { createId } from './create-id.ts'
import type { Draft } from './draft.ts'
import type { DraftFile } from './draft-state.ts'

/** The files of a message. The server has them: they can be sent again. */
export function getDraftFiles({ parts }: Pick<ChatMessage, 'parts'>): DraftFile[] {
  return parts.flatMap((part) => {
    if (part.type !== 'file') return []
    const { mediaType, name, url } = part
    const file = { mediaType, url, ...(name !== null && { name }) }
    const upload = { file, at: null, profile: null }
    return { id: createId(), name: name ?? '', mediaType, blob: null, status: 'ready' as const, upload, error: null }
  })
}

/** Puts messages that were taken back before what is written. */
export function giveBackMessages(draft: Draft, messages: readonly Pick<ChatMessage, 'parts'>[]): void {
  for (const message of messages.toReversed()) draft.giveBack(getMessageText(message), getDraftFiles(message))
}
