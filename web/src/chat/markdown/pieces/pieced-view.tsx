import type { PiecedContent } from '../blocks/markdown-block.ts'
import { ListPieces } from './list-pieces.tsx'
import { ParagraphPieces } from './paragraph-pieces.tsx'
import { TablePieces } from './table-pieces.tsx'

interface PiecedViewProps {
  readonly pieced: PiecedContent
  /** It still grows. */
  readonly isLive: boolean
}

/** A table, a list or a long paragraph. Of its pieces, only those render again that change. */
export function PiecedView({ pieced: { container, pieces }, isLive }: PiecedViewProps) {
  if (container.tag === 'p') return <ParagraphPieces pieces={pieces} isLive={isLive} />
  if (container.tag === 'table') return <TablePieces head={container.head} pieces={pieces} isLive={isLive} />
  return (
    <ListPieces
      pieces={pieces}
      isLive={isLive}
      tag={container.tag}
      firstNumber={container.tag === 'ol' ? container.firstNumber : undefined}
    />
  )
}
