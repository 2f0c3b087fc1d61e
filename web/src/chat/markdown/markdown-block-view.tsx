import { memo, useMemo } from 'react'
import ReactMarkdown, { type Options } from 'react-markdown'
import remarkGfm from 'remark-gfm'
import remend from 'remend'
import { ErrorBoundary } from '../../components/errors/error-boundary.tsx'
import { isTooNested } from './blocks/is-too-nested.ts'
import type { MarkdownBlock } from './blocks/markdown-block.ts'
import { CodeBlock } from './code/code-block.tsx'
import { markdownElements } from './elements/markdown-elements.tsx'
import { toSafeUrl } from './elements/safe-url.ts'
import { mayHaveMath, normalizeMath } from './math/normalize-math.ts'
import { useFormulaOptions } from './math/use-formula-options.ts'
import { LiveBlockContext } from './live-block-context.ts'
import styles from './markdown.module.css'

// Other arrays and objects in each rendering would have all elements made anew.
const remarkPlugins: Options['remarkPlugins'] = [[remarkGfm, { singleTilde: false }]]

interface MarkdownBlockViewProps {
  readonly block: MarkdownBlock
  /** It still grows. */
  readonly isLive: boolean
}

/** One top-level block. It renders again only when it changes itself. */
export const MarkdownBlockView = memo(function MarkdownBlockView({ block, isLive }: MarkdownBlockViewProps) {
  // What shows formulas is costly: it waits until the block is whole.
  const hasMath = useMemo(() => !isLive && !block.code && mayHaveMath(block.source), [block, isLive])
  const math = useFormulaOptions(hasMath)
  if (block.code) return <CodeBlock {...block.code} isClosed={block.code.isClosed || !isLive} />
  const plain = <p className={styles.plain}>{block.source}</p>
  if (isTooNested(block.source)) return plain
  return (
    <ErrorBoundary resetKey={block} fallback={plain}>
      <LiveBlockContext value={isLive}>
        <ReactMarkdown
          remarkPlugins={math?.remarkPlugins ?? remarkPlugins}
          components={math?.components ?? markdownElements}
          urlTransform={toSafeUrl}
        >
          {isLive ? remend(block.source) : math ? normalizeMath(block.source).source : block.source}
        </ReactMarkdown>
      </LiveBlockContext>
    </ErrorBoundary>
  )
})
