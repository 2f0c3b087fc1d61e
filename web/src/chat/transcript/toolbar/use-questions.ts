import { getMessageText, type LiveChat, useSegueClient } from 'segue-client/react'
import { useEffect, useState } from 'react'
import { OutlinePageDocument } from '../../../graphql/generated/graphql.ts'
import { readPages } from './read-pages.ts'

/** A message of the user, in a list of them. */
export interface Question {
  readonly id: string
  readonly text: string
}

/** The questions of a chat: those that are loaded at once, and soon those before them. */
export function useQuestions(chat: LiveChat): readonly Question[] {
  const client = useSegueClient()
  const [questions, setQuestions] = useState<readonly Question[]>(() =>
    chat
      .getSnapshot()
      .messages.map((message) => ({ id: message.id, role: message.role, text: getMessageText(message) }))
      .filter(isQuestion),
  )
  useEffect(() => {
    const { sessionId, hasEarlier } = chat.getSnapshot()
    if (sessionId === null || !hasEarlier) return
    const leave = new AbortController()
    readPages(async (after) => {
      const { session } = await client.request(OutlinePageDocument, { sessionId, after }, { signal: leave.signal })
      return session?.transcript
    }).then(
      (messages) => setQuestions(messages.filter(isQuestion)),
      // Those that are loaded can be jumped to as well.
      () => {},
    )
    return () => leave.abort()
  }, [chat, client])
  return questions
}

function isQuestion({ role, text }: { readonly role: string; readonly text: string }): boolean {
  return role === 'USER' && text.trim() !== ''
}
