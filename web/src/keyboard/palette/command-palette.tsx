import { useState } from 'react'
import { useOpenConversation } from '../../conversations/use-open-conversation.ts'
import { strings } from '../../strings/strings.ts'
import { DeleteCommand } from './delete-command.tsx'
import { PaletteDialog } from './palette-dialog.tsx'
import { usePaletteGroups } from './use-palette-groups.ts'

const text = strings.keyboard

/** Finds what can be done and every chat by typing, with the keyboard alone. */
export default function CommandPalette() {
  const [typed, setTyped] = useState('')
  const groups = usePaletteGroups(typed)
  const conversation = useOpenConversation()
  return (
    <>
      {conversation && <DeleteCommand conversation={conversation} />}
      <PaletteDialog
        label={text.palette}
        placeholder={text.placeholder}
        typed={typed}
        onTyped={setTyped}
        groups={groups}
        emptyText={text.nothingFound}
      />
    </>
  )
}
