import { memo, type ReactNode } from 'react'
import { useSteps } from '../../../components/hooks/use-steps.ts'
import type { MarkdownPiece } from '../blocks/markdown-block.ts'
import { MarkdownSource } from '../markdown-source.tsx'
import styles from '../markdown.module.css'
import { useKeptHeight } from '../use-kept-height.ts'
import { itemPlugins } from './unwrap-pieces.ts'

interface ListPiecesProps {
  readonly pieces: readonly MarkdownPiece[]
  readonly isLive: boolean
  readonly tag: 'ul' | 'ol'
  readonly firstNumber: number | undefined
}

const itemHeight = 30 // pixels, before items are laid out

/** The pieces of a list are lists that look like one: each is laid out for itself. */
export function ListPieces({ pieces, isLive, tag, firstNumber }: ListPiecesProps) {
  const isRendered = useSteps(pieces.length, { first: 2, last: 4, step: 4 })
  return (
    <div className={styles.list}>
      {pieces.map((piece, index) => (
        <ListPiece
          key={piece.start}
          piece={piece}
          isLive={isLive && index === pieces.length - 1}
          isPassed={isRendered(index) && index < pieces.length - 2}
          isShown={isRendered(index)}
          tag={tag}
          firstNumber={firstNumber}
        />
      ))}
    </div>
  )
}

interface ListPieceProps extends Pick<ListPiecesProps, 'isLive' | 'tag' | 'firstNumber'> {
  readonly piece: MarkdownPiece
  /** It does not change any more, and others follow. */
  readonly isPassed: boolean
  readonly isShown: boolean
}

const ListPiece = memo(function ListPiece({ piece, isLive, isPassed, isShown, tag: Tag, firstNumber }: ListPieceProps) {
  const { source, first, count } = piece
  const box = useKeptHeight<HTMLUListElement & HTMLOListElement>(isPassed, isShown ? null : count * itemHeight)
  return (
    <Tag {...box} start={firstNumber === undefined ? undefined : firstNumber + first}>
      {isShown && <MarkdownSource source={source} isLive={isLive} rehypePlugins={itemPlugins} wrapPlain={toItem} />}
    </Tag>
  )
})

const toItem = (plain: ReactNode) => <li>{plain}</li>
