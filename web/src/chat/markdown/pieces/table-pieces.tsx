import { memo, type ReactNode, useLayoutEffect, useRef, useState } from 'react'
import { useSteps } from '../../../components/hooks/use-steps.ts'
import type { MarkdownPiece } from '../blocks/markdown-block.ts'
import { Table } from '../elements/table.tsx'
import { MarkdownSource } from '../markdown-source.tsx'
import { measureTable, type TableMeasures } from './measure-table.ts'
import { useKeptHeight } from '../use-kept-height.ts'
import { headPlugins, rowPlugins } from './unwrap-pieces.ts'

interface TablePiecesProps {
  readonly head: string
  readonly pieces: readonly MarkdownPiece[]
  readonly isLive: boolean
}

// With more, the columns keep their widths, so that the pieces can be laid out each for itself.
const maxFlexiblePieces = 2
const defaultRowHeight = 38 // pixels

/** The rows of a table. Those of a long one cost nothing while they are not seen. */
export function TablePieces({ head, pieces, isLive }: TablePiecesProps) {
  const isRendered = useSteps(pieces.length, { first: maxFlexiblePieces, last: 4, step: 4 })
  const table = useRef<HTMLTableElement>(null)
  const isLong = pieces.length > maxFlexiblePieces
  const [measures, setMeasures] = useState<TableMeasures | null>(null)
  useLayoutEffect(() => {
    if (isLong && table.current) setMeasures(measureTable(table.current))
  }, [isLong])
  return (
    <Table ref={table} columns={measures?.columns ?? null}>
      <MarkdownSource
        source={head}
        isLive={isLive && pieces.length === 0}
        rehypePlugins={headPlugins}
        wrapPlain={toHead}
      />
      {pieces.map((piece, index) => (
        <TablePiece
          key={piece.start}
          piece={piece}
          isLive={isLive && index === pieces.length - 1}
          isPassed={measures !== null && isRendered(index) && index < pieces.length - 2}
          isShown={isRendered(index)}
          rowHeight={measures?.rowHeight ?? defaultRowHeight}
        />
      ))}
    </Table>
  )
}

interface TablePieceProps {
  readonly piece: MarkdownPiece
  readonly isLive: boolean
  /** It does not change any more, and others follow. */
  readonly isPassed: boolean
  readonly isShown: boolean
  /** In pixels. */
  readonly rowHeight: number
}

const TablePiece = memo(function TablePiece({ piece, isLive, isPassed, isShown, rowHeight }: TablePieceProps) {
  const box = useKeptHeight<HTMLTableSectionElement>(isPassed, isShown ? null : piece.count * rowHeight)
  return (
    <tbody {...box}>
      {isShown && <MarkdownSource source={piece.source} isLive={isLive} rehypePlugins={rowPlugins} wrapPlain={toRow} />}
    </tbody>
  )
})

const toHead = (plain: ReactNode) => (
  <thead>
    <tr>
      <th>{plain}</th>
    </tr>
  </thead>
)

const toRow = (plain: ReactNode) => (
  <tr>
    <td>{plain}</td>
  </tr>
)
