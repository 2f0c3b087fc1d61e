import { MessageSquare, User } from 'lucide-react'
import { useState } from 'react'
import { navigate } from 'wouter/use-browser-location'
import { toMessagePath } from '../../routing/routes.ts'
import { strings } from '../../strings/strings.ts'
import { PaletteDialog } from '../palette/palette-dialog.tsx'
import { useFoundMessages } from './use-found-messages.ts'

const { find: text, nothingFound } = strings.keyboard
const time = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short', hour12: false })

/**
 * Finds messages of the open chat by their words, also those that are far away. The browser cannot: only what is near to the
 * reader has elements.
 */
export default function FindInChat() {
  const [typed, setTyped] = useState('')
  const query = typed.trim()
  const found = useFoundMessages(query)
  const items = found.messages.map(({ id, sessionId, isUser, at, snippet }) => ({
    id,
    label: snippet,
    query: found.query,
    detail: `${isUser ? strings.chat.you : strings.chat.agent}, ${time.format(Date.parse(at))}`,
    Icon: isUser ? User : MessageSquare,
    run: () => navigate(toMessagePath(sessionId, id)),
  }))
  return (
    <PaletteDialog
      label={text.label}
      placeholder={text.placeholder}
      typed={typed}
      onTyped={setTyped}
      groups={items.length > 0 ? [{ value: text.found, items }] : []}
      emptyText={query !== '' && found.query === query ? nothingFound : ''}
    />
  )
}
