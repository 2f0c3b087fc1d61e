import { Fragment, type ReactNode, useState } from 'react'
import { Button } from '../../../components/buttons/button.tsx'
import { strings } from '../../../strings/strings.ts'
import { CodeBlock } from '../../markdown/code/code-block.tsx'
import { MessageFile } from '../../transcript/files/message-file.tsx'
import { DiffView } from './diff-view.tsx'
import { SearchHits } from './search-hits.tsx'
import type { ToolValue } from './tool-value.ts'
import styles from './tool-value.module.css'

const maxShownLength = 12_000 // UTF-16 code units

/** A value of a tool. A long one is shown as far as somebody reads it at once, with a button for the rest. */
export function ToolValueView({ value }: { readonly value: ToolValue }): ReactNode {
  switch (value.kind) {
    case 'text':
      return <Shortened text={value.text}>{(text) => <p className={styles.text}>{text}</p>}</Shortened>
    case 'code':
      return (
        <Shortened text={value.code}>
          {(code) => <CodeBlock code={code} language={value.language} title={value.label} isClosed />}
        </Shortened>
      )
    case 'fields':
      return (
        <dl className={styles.fields}>
          {value.fields.map(([name, text]) => (
            <Fragment key={name}>
              <dt>{name}</dt>
              <dd>{text}</dd>
            </Fragment>
          ))}
        </dl>
      )
    case 'diff':
      return <Shortened text={value.diff}>{(diff) => <DiffView diff={diff} />}</Shortened>
    case 'hits':
      return <SearchHits hits={value.hits} />
    case 'error':
      return <p className={styles.error}>{value.text}</p>
    case 'file': {
      const { url, mediaType, name } = value.file
      return url === null ? (
        <p className={styles.text}>{name ?? mediaType}</p>
      ) : (
        <MessageFile file={{ url, mediaType, name }} />
      )
    }
  }
}

interface ShortenedProps {
  readonly text: string
  readonly children: (text: string) => ReactNode
}

function Shortened({ text, children }: ShortenedProps) {
  const [isWhole, setWhole] = useState(false)
  if (isWhole || text.length <= maxShownLength) return children(text)
  return (
    <div>
      {children(text.slice(0, maxShownLength))}
      <Button kind="quiet" onClick={() => setWhole(true)}>
        {strings.tools.showAll(text.length)}
      </Button>
    </div>
  )
}
