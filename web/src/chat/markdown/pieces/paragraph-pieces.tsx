import { Fragment } from 'react'
import { useSteps } from '../../../components/hooks/use-steps.ts'
import type { MarkdownPiece } from '../blocks/markdown-block.ts'
import { MarkdownSource } from '../markdown-source.tsx'
import { textPlugins } from './unwrap-pieces.ts'

interface ParagraphPiecesProps {
  readonly pieces: readonly MarkdownPiece[]
  readonly isLive: boolean
}

/** A long paragraph. */
export function ParagraphPieces({ pieces, isLive }: ParagraphPiecesProps) {
  const isRendered = useSteps(pieces.length, { first: 2, last: 4, step: 4 })
  return (
    <p>
      {pieces.map(({ start, source }, index) => (
        <Fragment key={start}>
          {/* Before that, it has about the same place. */}
          {isRendered(index) ? (
            <MarkdownSource
              source={source}
              isLive={isLive && index === pieces.length - 1}
              rehypePlugins={textPlugins}
              wrapPlain={toText}
            />
          ) : (
            source
          )}
          {/* It ends a piece, and is not rendered there. */}
          {/\s$/.test(source) && ' '}
        </Fragment>
      ))}
    </p>
  )
}

const toText = (_plain: unknown, source: string) => source
