import { type LiveChat, useChat, useSegueClient } from 'segue-client/react'
import { useEffect, useState } from 'react'
import { ProfileInstructionsDocument } from '../../../../graphql/generated/graphql.ts'
import type { Draft } from '../../draft/draft.ts'
import { useDraftState } from '../../draft/use-draft.ts'

interface Instructions {
  /** Those of the chat itself. Null: it has none, or they are not read yet. */
  readonly own: string | null
  readonly ofProfile: string | null
  /** Why they cannot be read. */
  readonly error: string | null
  /** Changes those of the chat. An empty text: those of the profile count. */
  save(instructions: string): Promise<void>
}

/** The instructions of a chat. They are read each time when they are shown. */
export function useInstructions(chat: LiveChat, draft: Draft, profile: string, isShown: boolean): Instructions {
  const client = useSegueClient()
  const sessionId = useChat(chat, (state) => state.sessionId)
  const settings = useDraftState(draft, (state) => state.settings)
  const [stored, setStored] = useState<string | null>(null)
  const [ofProfile, setOfProfile] = useState<string | null>(null)
  const [error, setError] = useState<string | null>(null)
  useEffect(() => {
    if (!isShown) return undefined
    const leave = new AbortController()
    const { signal } = leave
    const read = async (): Promise<void> => {
      const found = await client.request(ProfileInstructionsDocument, { name: profile }, { signal })
      const session = sessionId === null ? null : await client.session(sessionId, { signal })
      setOfProfile(found.profile?.instructions ?? null)
      setStored(session?.ownInstructions ?? null)
      setError(null)
    }
    read().catch((reason: unknown) => {
      if (!signal.aborted) setError(reason instanceof Error ? reason.message : String(reason))
    })
    return () => leave.abort()
  }, [client, sessionId, profile, isShown])
  return {
    own: sessionId === null ? (settings.instructions ?? null) : stored,
    ofProfile,
    error,
    save: async (instructions) => {
      if (sessionId !== null) setStored((await client.updateSession(sessionId, { instructions })).ownInstructions)
      else {
        const { instructions: _, ...others } = settings
        draft.setSettings(instructions === '' ? others : { ...others, instructions })
      }
    },
  }
}
