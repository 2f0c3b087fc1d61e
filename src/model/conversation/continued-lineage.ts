import { type LineageSummary, maxChainLength } from './lineage.ts'

/**
 * The lineage of a session that is no retry and continues another one, made from the lineage of that one: the same as that of
 * a walk of its own. Null if only a walk tells: the other one is on a cycle, or its chain is as long as walks are.
 */
export function continueLineage<Row>(parent: Row, above: LineageSummary<Row>): LineageSummary<Row> | null {
  return above.isCyclic || above.segmentCount >= maxChainLength ? null : new ContinuedLineage(parent, above)
}

class ContinuedLineage<Row> implements LineageSummary<Row> {
  readonly parent: Row
  readonly root: Row
  readonly segmentCount: number
  readonly isCyclic = false
  readonly #above: LineageSummary<Row>

  constructor(parent: Row, above: LineageSummary<Row>) {
    this.parent = parent
    this.root = above.root
    this.segmentCount = above.segmentCount + 1
    this.#above = above
  }

  /** Most operations do not ask for them. */
  get ancestors(): readonly Row[] {
    const ancestors = [this.parent]
    let above = this.#above
    for (; above instanceof ContinuedLineage; above = above.#above) ancestors.push(above.parent)
    return [...ancestors, ...above.ancestors]
  }
}
