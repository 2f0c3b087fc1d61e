import type { SegueClient } from 'segue-client'
import { type LiveChat, useChat, useSegueClient } from 'segue-client/react'
import { useEffect, useState, useSyncExternalStore } from 'react'
import { Draft } from './draft.ts'
import type { DraftState } from './draft-state.ts'
import { browserDraftStorage } from './draft-storage.ts'

/** All drafts that were shown, so that uploads go on while another chat is open. */
const drafts = new Map<string, Draft>()

/** The draft of a chat: one for each conversation, and one for a new chat. */
export function useDraft(chat: LiveChat): Draft {
  const client = useSegueClient()
  const { conversationId, provisionalKey } = useChat(chat, (state) => ({
    conversationId: state.conversationId,
    provisionalKey: state.sessionId === null ? 'new' : `session ${state.sessionId}`,
  }))
  const [held, hold] = useState(() => ({ chat, key: provisionalKey }))
  // While another try is read, the conversation is not known. It is the same.
  const key = conversationId ?? (held.chat === chat ? held.key : provisionalKey)
  if (held.chat !== chat || held.key !== key) hold({ chat, key })
  const draft = findDraft(client, key)
  const [provisional, holdProvisional] = useState<{ readonly chat: LiveChat; readonly key: string } | null>(null)
  if (conversationId === null && (provisional?.chat !== chat || provisional.key !== key)) holdProvisional({ chat, key })
  useEffect(() => {
    // What was written before the conversation was known belongs to it.
    if (conversationId === null || provisional?.chat !== chat || provisional.key === conversationId) return
    findDraft(client, conversationId).absorb(findDraft(client, provisional.key))
  }, [client, chat, conversationId, provisional])
  return draft
}

/** A draft that belongs to no composer. */
export function useNamedDraft(key: string): Draft {
  return findDraft(useSegueClient(), key)
}

/** What a selector makes of a draft. The component renders again only when that is another value. */
export function useDraftState<Selection>(draft: Draft, selector: (state: DraftState) => Selection): Selection {
  const getSelection = (): Selection => selector(draft.getSnapshot())
  return useSyncExternalStore(draft.subscribe, getSelection, getSelection)
}

function findDraft(client: SegueClient, key: string): Draft {
  const known = drafts.get(key)
  if (known) return known
  const draft = new Draft({
    key,
    storage: browserDraftStorage,
    upload: (file, options) => client.upload(file, options),
  })
  drafts.set(key, draft)
  return draft
}
