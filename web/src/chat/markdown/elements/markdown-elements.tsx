import type { Components, ExtraProps } from 'react-markdown'
import type { ComponentProps, ReactNode } from 'react'
import { strings } from '../../../strings/strings.ts'
import styles from '../markdown.module.css'
import { Note, NoteReference } from '../notes/notes.tsx'
import { MarkdownImage } from './markdown-image.tsx'
import { MarkdownLink } from './markdown-link.tsx'
import { NestedCode } from './nested-code.tsx'
import { readCode } from './read-code.ts'
import { Table } from './table.tsx'

type ElementProps<Tag extends keyof React.JSX.IntrinsicElements> = ComponentProps<Tag> & ExtraProps

/** The elements of Markdown that are not rendered as they are. It never changes, so that elements stay. */
export const markdownElements: Components = {
  // The page has a heading for each message: those of its text are below it.
  h1: ({ children }) => <Heading level={1}>{children}</Heading>,
  h2: ({ children }) => <Heading level={2}>{children}</Heading>,
  h3: ({ children }) => <Heading level={3}>{children}</Heading>,
  h4: ({ children }) => <Heading level={4}>{children}</Heading>,
  h5: ({ children }) => <Heading level={5}>{children}</Heading>,
  h6: ({ children }) => <Heading level={6}>{children}</Heading>,
  a: MarkdownLink,
  img: MarkdownImage,
  table: ({ children }) => <Table>{children}</Table>,
  input: Checkbox,
  sup: NoteReference,
  section: Note,
  pre: ({ children }) => <NestedCode {...readCode(children)} />,
}

function Heading({ level, children }: { readonly level: 1 | 2 | 3 | 4 | 5 | 6; readonly children: ReactNode }) {
  const Tag = (['h3', 'h4', 'h5', 'h6', 'h6', 'h6'] as const)[level - 1] ?? 'h6'
  return (
    <Tag className={styles.heading} data-level={level}>
      {children}
    </Tag>
  )
}

/** Of a task list. */
function Checkbox({ checked = false }: ElementProps<'input'>) {
  const label = checked ? strings.transcript.taskDone : strings.transcript.taskOpen
  return <input type="checkbox" checked={checked} disabled readOnly aria-label={label} />
}
