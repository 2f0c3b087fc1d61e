import { Paperclip } from 'lucide-react'
import { useRef } from 'react'
import { IconButton } from '../../../components/buttons/icon-button.tsx'
import { strings } from '../../../strings/strings.ts'

/** A button with which files are chosen. */
export function AddFiles({ onFiles }: { readonly onFiles: (files: readonly File[]) => void }) {
  const input = useRef<HTMLInputElement>(null)
  return (
    <>
      <IconButton label={strings.composer.files.add} onClick={() => input.current?.click()}>
        <Paperclip />
      </IconButton>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        onChange={({ target }) => {
          onFiles([...(target.files ?? [])])
          // The same file can be chosen again.
          target.value = ''
        }}
      />
    </>
  )
}
