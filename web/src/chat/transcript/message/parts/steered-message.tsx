import { CornerDownRight } from 'lucide-react'
import type { LiveChatMessage } from 'segue-client/react'
import { strings } from '../../../../strings/strings.ts'
import { Markdown } from '../../../markdown/markdown.tsx'
import { MessageFile } from '../../files/message-file.tsx'
import styles from './parts.module.css'

/** A message of the user that joined the answer while it was made. */
export function SteeredMessage({ message }: { readonly message: LiveChatMessage }) {
  return (
    <section className={styles.steered} aria-label={strings.transcript.steered} id={message.id} tabIndex={-1}>
      <span className={styles.steeredNote}>
        <CornerDownRight className={styles.icon} aria-hidden="true" /> {strings.transcript.steered}
      </span>
      {message.parts.map((part, index) => {
        // Parts keep their place.
        if (part.type === 'text') return <Markdown key={index} text={part.text} isStreaming={false} />
        return part.type === 'file' ? <MessageFile key={index} file={part} /> : null
      })}
    </section>
  )
}
