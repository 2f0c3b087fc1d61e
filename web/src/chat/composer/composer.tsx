import { ArrowUp, Square } from 'lucide-react'
import { type LiveChat, useChat } from 'segue-client/react'
import { type KeyboardEvent, useState } from 'react'
import { IconButton } from '../../components/icon-button.tsx'
import { strings } from '../../strings/strings.ts'
import styles from './composer.module.css'

/** Where a message is written. While an answer is made, its button stops the answer. */
export function Composer({ chat }: { readonly chat: LiveChat }) {
  const [text, setText] = useState('')
  const { isBusy, error } = useChat(chat, (state) => ({
    isBusy: state.isSending || state.activeStream !== null,
    error: state.error,
  }))
  const send = async (): Promise<void> => {
    if (text.trim() === '') return
    setText('')
    // What the server refuses stays in the composer. The reason is the `error` of the chat.
    await chat.send({ text, ifBusy: 'QUEUE' }).catch(() => setText((current) => current || text))
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return
    event.preventDefault()
    void send()
  }
  return (
    <form
      className={styles.composer}
      onSubmit={(event) => {
        event.preventDefault()
        void send()
      }}
    >
      {error && (
        <p className={styles.error} role="alert">
          {error.message}
        </p>
      )}
      <div className={styles.box}>
        <textarea
          className={styles.text}
          aria-label={strings.chat.composer}
          placeholder={strings.chat.placeholder}
          value={text}
          rows={1}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={onKeyDown}
        />
        {isBusy && text.trim() === '' ? (
          <IconButton
            className={styles.send}
            label={strings.chat.stop}
            onClick={() => void chat.stop().catch(() => {})}
          >
            <Square />
          </IconButton>
        ) : (
          <IconButton className={styles.send} type="submit" label={strings.chat.send} disabled={text.trim() === ''}>
            <ArrowUp />
          </IconButton>
        )}
      </div>
    </form>
  )
}
