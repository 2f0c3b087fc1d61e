import { type ClipboardEvent, type KeyboardEvent, useLayoutEffect, useRef } from 'react'
import { strings } from '../../strings/strings.ts'
import styles from './composer.module.css'
import type { Draft } from './draft/draft.ts'
import { useDraftState } from './draft/use-draft.ts'
import { composerId } from '../../shortcuts/focus-composer.ts'
import { otherSendMode, type SendMode, useSendMode } from './send/send-mode.ts'

/** On a phone, Enter is a new line: there is no Shift+Enter. */
const isTouch = matchMedia('(pointer: coarse)').matches
const growsByItself = CSS.supports('field-sizing', 'content')

interface MessageFieldProps {
  readonly draft: Draft
  readonly isBusy: boolean
  readonly isNew: boolean
  readonly onSend: (mode: SendMode) => void
  readonly onFiles: (files: readonly File[]) => void
}

/** The text of a message. It grows with its lines. */
export function MessageField({ draft, isBusy, isNew, onSend, onFiles }: MessageFieldProps) {
  const text = useDraftState(draft, (state) => state.text)
  const mode = useSendMode()
  const field = useRef<HTMLTextAreaElement>(null)
  useLayoutEffect(() => {
    if (growsByItself || !field.current) return
    field.current.style.height = 'auto'
    field.current.style.height = `${field.current.scrollHeight}px`
  }, [text])
  const onKeyDown = (event: KeyboardEvent): void => {
    // While an input method composes a word, Enter ends it. Safari reports that key with the code 229 alone.
    if (event.key !== 'Enter' || event.nativeEvent.isComposing || event.nativeEvent.keyCode === 229) return
    const hasModifier = event.ctrlKey || event.metaKey
    if (!hasModifier && (event.shiftKey || isTouch)) return
    event.preventDefault()
    if (!hasModifier || !isBusy) onSend(mode)
    else onSend(event.shiftKey ? 'INTERRUPT' : otherSendMode(mode))
  }
  const onPaste = (event: ClipboardEvent): void => {
    const { files: pasted, types } = event.clipboardData
    const files = [...pasted]
    // Programs that copy formatted text put a picture of it beside it. The text is meant.
    const isFormattedText = types.includes('text/plain') && (types.includes('text/html') || types.includes('text/rtf'))
    if (files.length === 0 || isFormattedText) return
    event.preventDefault()
    onFiles(files)
  }
  return (
    <textarea
      ref={field}
      id={composerId}
      className={styles.text}
      aria-label={strings.composer.label}
      placeholder={isBusy ? strings.composer.placeholderBusy : strings.composer.placeholder}
      enterKeyHint={isTouch ? 'enter' : 'send'}
      value={text}
      rows={1}
      autoFocus={isNew && !isTouch}
      onChange={(event) => draft.setText(event.target.value)}
      onKeyDown={onKeyDown}
      onPaste={onPaste}
    />
  )
}
