import { formatNumber } from '../../formats/format-number.ts'
import type { ShownModelFragment } from '../../graphql/generated/graphql.ts'
import { strings } from '../../strings/strings.ts'
import { StateBadge } from '../../components/state-badge/state-badge.tsx'
import styles from '../settings.module.css'

interface ModelTableProps {
  readonly models: readonly ShownModelFragment[]
  readonly label: string
}

/** What is known of the models of a provider. */
export function ModelTable({ models, label }: ModelTableProps) {
  const text = strings.settingsView.models
  const { columns } = text
  return (
    <div className={styles.scroller} tabIndex={0} role="group" aria-label={label}>
      <table className={styles.table}>
        <thead>
          <tr>
            {[columns.name, columns.contextWindow, columns.efforts, columns.tools, columns.images].map((column) => (
              <th key={column} scope="col">
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {models.map((model) => (
            <tr key={model.id}>
              <th scope="row">
                {model.name} {model.isDefault && <StateBadge tone="quiet">{text.default}</StateBadge>}
              </th>
              <td>{model.contextWindow == null ? text.unknown : formatNumber(model.contextWindow)}</td>
              <td>{model.efforts.length === 0 ? text.none : model.efforts.join(', ')}</td>
              <td>
                {toSupport(model.supportsTools)}
                {model.omittedTools.length > 0 && (
                  <span title={model.omittedTools.join(', ')}> {text.omitted(model.omittedTools.length)}</span>
                )}
              </td>
              <td>{toSupport(model.supportsImages)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

/** Null while nothing is known: then it is tried. */
function toSupport(supported: boolean | null | undefined): string {
  const text = strings.settingsView.models
  if (supported == null) return text.unknown
  return supported ? text.yes : text.no
}
