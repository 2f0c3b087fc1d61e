import type { ComponentProps } from 'react'
import type { ExtraProps } from 'react-markdown'

/** A link to elsewhere opens in a new tab and learns nothing of this page. A link whose URL is not safe is its text. */
export function MarkdownLink({ href, children, id, title }: ComponentProps<'a'> & ExtraProps) {
  if (!href) return <span>{children}</span>
  const isElsewhere = !href.startsWith('#')
  return (
    <a href={href} id={id} title={title} {...(isElsewhere && { target: '_blank', rel: 'noopener noreferrer' })}>
      {children}
    </a>
  )
}
