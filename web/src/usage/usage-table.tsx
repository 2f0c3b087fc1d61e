import { Link } from 'wouter'
import { formatNumber } from '../formats/format-number.ts'
import { formatCost } from '../formats/format-usage.ts'
import type { UsageGroupSumFragment } from '../graphql/generated/graphql.ts'
import { toJobPath } from '../jobs/job-paths.ts'
import { strings } from '../strings/strings.ts'
import { ShareBar } from './share-bar.tsx'
import styles from './usage.module.css'

interface UsageTableProps {
  /** Null: it has a heading already. */
  readonly title: string | null
  readonly groupLabel: string
  readonly sums: readonly UsageGroupSumFragment[]
  /** The groups are jobs: the name of one that there is. */
  readonly findJob?: ((id: string) => string | null) | undefined
}

/** Tokens and costs of groups, each with its share of the largest one as a bar. */
export function UsageTable({ title, groupLabel, sums, findJob }: UsageTableProps) {
  const text = strings.usage
  const isByCost = sums.some(({ usage }) => usage.cost)
  const max = Math.max(...sums.map((sum) => toSize(sum, isByCost)))
  return (
    <section className={styles.section}>
      {title !== null && <h2 className={styles.heading}>{title}</h2>}
      <div className={styles.tableScroller} tabIndex={0} role="group" aria-label={title ?? groupLabel}>
        <table className={styles.table}>
          <thead>
            <tr>
              <th scope="col">{groupLabel}</th>
              {title !== null && (
                <th scope="col" className={styles.share}>
                  {text.columns.share}
                </th>
              )}
              <th scope="col">{text.columns.cost}</th>
              <th scope="col">{text.columns.input}</th>
              <th scope="col">{text.columns.cached}</th>
              <th scope="col">{text.columns.output}</th>
              <th scope="col">{text.columns.reasoning}</th>
              <th scope="col">{text.columns.answers}</th>
            </tr>
          </thead>
          <tbody>
            {sums.map((sum) => (
              <tr key={sum.group ?? ''}>
                <th scope="row">
                  <GroupName group={sum.group ?? null} findJob={findJob} />
                </th>
                {title !== null && (
                  <td className={styles.share}>
                    <ShareBar share={max === 0 ? 0 : toSize(sum, isByCost) / max} />
                  </td>
                )}
                <FigureCells sum={sum} />
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  )
}

function GroupName({ group, findJob }: { readonly group: string | null } & Pick<UsageTableProps, 'findJob'>) {
  if (group === null) return strings.usage.others
  if (!findJob) return group
  const name = findJob(group)
  return name === null ? strings.usage.deletedJob(group) : <Link href={toJobPath(group)}>{name}</Link>
}

function FigureCells({ sum: { answers, usage } }: { readonly sum: UsageGroupSumFragment }) {
  const text = strings.usage
  const tokens = [usage.inputTokens, usage.cachedInputTokens, usage.outputTokens, usage.reasoningTokens]
  return (
    <>
      <td title={usage.cost?.estimated ? text.estimatedTitle : undefined}>
        {usage.cost ? formatCost(usage.cost) : text.noCost}
      </td>
      {tokens.map((count, index) => (
        // Columns keep their place.
        <td key={index} title={usage.estimated ? text.estimatedTitle : undefined}>
          {usage.estimated && count > 0 && '~'}
          {formatNumber(count)}
        </td>
      ))}
      <td>{formatNumber(answers)}</td>
    </>
  )
}

/** By cost if a group has one, else by tokens: as the server sorts. */
const toSize = (sum: UsageGroupSumFragment, isByCost: boolean): number =>
  isByCost ? (sum.usage.cost?.amount ?? 0) : sum.usage.inputTokens + sum.usage.outputTokens
