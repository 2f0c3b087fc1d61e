import type { JsonObject } from 'segue-client'
import { strings } from '../../strings/strings.ts'
import { FoldedText } from './folded-text.tsx'
import { formatArgument } from './tool-arguments.ts'
import styles from './arguments.module.css'

/** The arguments of a call, by name. Long ones are folded. */
export function ArgumentList({ values }: { readonly values: JsonObject }) {
  const entries = Object.entries(values)
  if (entries.length === 0) return <p className={styles.none}>{strings.decisions.noArguments}</p>
  return (
    <dl className={styles.list} aria-label={strings.decisions.arguments}>
      {entries.map(([name, value]) => (
        <div key={name} className={styles.argument}>
          <dt>{name}</dt>
          <dd>
            <FoldedText text={formatArgument(value)} />
          </dd>
        </div>
      ))}
    </dl>
  )
}
