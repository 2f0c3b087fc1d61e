import { memo } from 'react'
import type { MarkdownBlock } from './blocks/markdown-block.ts'
import { CodeBlock } from './code/code-block.tsx'
import { PiecedView } from './pieces/pieced-view.tsx'
import { MarkdownSource } from './markdown-source.tsx'

interface MarkdownBlockViewProps {
  readonly block: MarkdownBlock
  /** It still grows. */
  readonly isLive: boolean
}

/** One top-level block. It renders again only when it changes itself. */
export const MarkdownBlockView = memo(function MarkdownBlockView({ block, isLive }: MarkdownBlockViewProps) {
  const { code, pieced, source } = block
  if (code) return <CodeBlock {...code} isClosed={code.isClosed || !isLive} />
  if (pieced) return <PiecedView pieced={pieced} isLive={isLive} />
  return <MarkdownSource source={source} isLive={isLive} />
})
