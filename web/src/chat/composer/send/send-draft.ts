import type { LiveChat } from 'segue-client/react'
import type { Draft } from '../draft/draft.ts'
import type { SendMode } from './send-mode.ts'

/**
 * Sends what is written. What the server refuses comes back into the draft; the reason is the `error` of the chat. `mode` counts
 * if an answer is being made.
 */
export async function sendDraft(chat: LiveChat, draft: Draft, mode: SendMode): Promise<void> {
  const taken = draft.take()
  if (!taken) return
  const { profile, instructions, model, effort } = draft.getSnapshot().settings
  const isNew = chat.getSnapshot().sessionId === null
  try {
    await chat.send({
      key: taken.key,
      text: taken.text,
      files: taken.files.flatMap(({ upload }) => upload?.file ?? []),
      ifBusy: mode,
      ...(isNew && model !== undefined && { model }),
      ...(isNew && effort !== undefined && { effort }),
      ...(isNew && {
        newSession: { ...(profile !== undefined && { profile }), ...(instructions && { instructions }) },
      }),
    })
    draft.settle(taken)
  } catch (error) {
    draft.settle(taken, error)
  }
}
