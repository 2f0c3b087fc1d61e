import { getMessageText, type LiveChatMessage } from 'segue-client/react'
import { useMemo, useState } from 'react'
import { Button } from '../../../components/buttons/button.tsx'
import { strings } from '../../../strings/strings.ts'
import { CodeBlock } from '../../markdown/code/code-block.tsx'
import type { CodeBlockContent } from '../../markdown/blocks/markdown-block.ts'
import { splitMarkdown } from '../../markdown/blocks/split-markdown.ts'
import { MessageFile } from '../files/message-file.tsx'
import styles from './user-message.module.css'

const maxShownLength = 2500 // UTF-16 code units

/** What a person wrote, exactly as it was written, except that fenced code is shown as code. */
export function UserMessage({ message }: { readonly message: LiveChatMessage }) {
  const text = getMessageText(message)
  const files = message.parts.filter((part) => part.type === 'file')
  const isWithdrawn = message.status === 'WITHDRAWN'
  return (
    <div className={styles.message} data-withdrawn={isWithdrawn || undefined}>
      {files.map((file, index) => (
        // Files keep their place.
        <MessageFile key={index} file={file} />
      ))}
      {text !== '' && <UserText text={text} />}
      {isWithdrawn && <p className={styles.note}>{strings.transcript.withdrawn}</p>}
    </div>
  )
}

function UserText({ text }: { readonly text: string }) {
  const [isWhole, setWhole] = useState(false)
  const isCut = text.length > maxShownLength && !isWhole
  const pieces = useMemo(() => splitCode(isCut ? text.slice(0, maxShownLength) : text), [text, isCut])
  return (
    <div className={styles.text}>
      {pieces.map((piece, index) =>
        // Pieces keep their place.
        typeof piece === 'string' ? <p key={index}>{piece}</p> : <CodeBlock key={index} {...piece} isClosed />,
      )}
      {isCut && (
        <Button kind="quiet" onClick={() => setWhole(true)}>
          {strings.tools.showAll(text.length)}
        </Button>
      )}
    </div>
  )
}

/** The text, with the content of each code block in its place. */
function splitCode(text: string): (string | CodeBlockContent)[] {
  // Most texts have none, and reading them as Markdown takes longer than showing them.
  if (!/```|~~~|\r/.test(text)) return [text.trim()].filter((piece) => piece !== '')
  const { groups, source } = splitMarkdown(null, text)
  const pieces: (string | CodeBlockContent)[] = []
  let end = 0
  for (const { start, source: block, code } of groups.flat()) {
    // Indented text is rarely meant as code.
    if (!code || !/^ {0,3}[`~]{3}/.test(block)) continue
    pieces.push(source.slice(end, start).trim(), code)
    end = start + block.length
  }
  return [...pieces, source.slice(end).trim()].filter((piece) => piece !== '')
}
