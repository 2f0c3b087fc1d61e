import { memo, type ReactNode, useMemo } from 'react'
import ReactMarkdown, { type Options } from 'react-markdown'
import remarkGfm from 'remark-gfm'
import remend from 'remend'
import { ErrorBoundary } from '../../components/errors/error-boundary.tsx'
import { isTooNested } from './blocks/is-too-nested.ts'
import { markdownElements } from './elements/markdown-elements.tsx'
import { toSafeUrl } from './elements/safe-url.ts'
import { mayHaveMath, normalizeMath } from './math/normalize-math.ts'
import { useFormulaOptions } from './math/use-formula-options.ts'
import { noteOptions } from './notes/note-handlers.ts'
import { LiveBlockContext } from './live-block-context.ts'
import styles from './markdown.module.css'

// Other arrays and objects in each rendering would have all elements made anew.
const remarkPlugins: Options['remarkPlugins'] = [[remarkGfm, { singleTilde: false }]]

interface MarkdownSourceProps {
  readonly source: string
  /** It still grows. */
  readonly isLive: boolean
  readonly rehypePlugins?: Options['rehypePlugins']
  /** What is around a source that is shown as it is written. Default: nothing. */
  readonly wrapPlain?: (plain: ReactNode, source: string) => ReactNode
}

/** A source of Markdown. It renders again only when it changes itself. */
export const MarkdownSource = memo(function MarkdownSource(props: MarkdownSourceProps) {
  const { source, isLive, rehypePlugins, wrapPlain = (plain) => plain } = props
  // What shows formulas is costly: it waits until the source is whole.
  const hasMath = useMemo(() => !isLive && mayHaveMath(source), [source, isLive])
  const math = useFormulaOptions(hasMath)
  const plain = wrapPlain(<p className={styles.plain}>{source}</p>, source)
  if (isTooNested(source)) return plain
  return (
    <ErrorBoundary resetKey={source} fallback={plain}>
      <LiveBlockContext value={isLive}>
        <ReactMarkdown
          remarkPlugins={math?.remarkPlugins ?? remarkPlugins}
          rehypePlugins={rehypePlugins}
          remarkRehypeOptions={noteOptions}
          components={math?.components ?? markdownElements}
          urlTransform={toSafeUrl}
        >
          {isLive ? remend(source) : math ? normalizeMath(source).source : source}
        </ReactMarkdown>
      </LiveBlockContext>
    </ErrorBoundary>
  )
})
