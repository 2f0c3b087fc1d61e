/** In pixels. */
export interface TableMeasures {
  readonly columns: readonly number[]
  /** The mean of the first rows. */
  readonly rowHeight: number
}

/** What a table is like that the browser has laid out. Null if it has no rows. */
export function measureTable({ tHead, tBodies: [body] }: HTMLTableElement): TableMeasures | null {
  const heads = [...(tHead?.rows[0]?.cells ?? [])]
  if (heads.length === 0 || !body || body.rows.length === 0) return null
  return {
    columns: heads.map((head) => head.getBoundingClientRect().width),
    rowHeight: body.getBoundingClientRect().height / body.rows.length,
  }
}
