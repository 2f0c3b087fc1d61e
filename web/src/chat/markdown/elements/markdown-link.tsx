import type { ComponentProps } from 'react'
import type { ExtraProps } from 'react-markdown'

/** A link to elsewhere opens in a new tab and learns nothing of this page. A link whose URL is not safe is its text. */
export function MarkdownLink({ href, children, title }: ComponentProps<'a'> & ExtraProps) {
  if (!href) return <span>{children}</span>
  return (
    <a href={href} title={title} target="_blank" rel="noopener noreferrer">
      {children}
    </a>
  )
}
