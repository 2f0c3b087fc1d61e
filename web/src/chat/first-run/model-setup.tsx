import { CircleCheck, CircleDashed, CircleX } from 'lucide-react'
import type { FirstRunQuery } from '../../graphql/generated/graphql.ts'
import { strings } from '../../strings/strings.ts'
import { ConfigurationLines } from './configuration-lines.tsx'
import styles from './first-run.module.css'

type Providers = NonNullable<FirstRunQuery['profile']>['providers']
type Hermes = FirstRunQuery['server']['hermes']

interface ModelSetupProps {
  /** Those that are configured or were found, without the offline one. None of them answers. */
  readonly providers: Providers
  readonly hermes: Hermes
  /** There is no chat yet: it is shown at once. Else it is folded. */
  readonly isFirst: boolean
}

/** What is there, what was looked for, and the lines that add a model. */
export function ModelSetup({ providers, hermes, isFirst }: ModelSetupProps) {
  const { setup } = strings.firstRun
  return (
    <details className={styles.setup} open={isFirst}>
      <summary className={styles.summary}>{setup.title}</summary>
      <p>{setup.offline}</p>
      <h2 className={styles.heading}>{setup.lookedFor}</h2>
      <ul className={styles.found}>
        {providers.map(({ name, error }) => (
          <FoundItem key={name} state="failed" name={name} text={error ?? ''} />
        ))}
        {providers.length === 0 &&
          setup.places.map(({ name, text }) => <FoundItem key={name} state="missing" name={name} text={text} />)}
        <FoundItem
          name={setup.hermes}
          state={
            hermes.state === 'FOUND'
              ? 'found'
              : hermes.state === 'UNREADABLE' || hermes.state === 'UNREACHABLE'
                ? 'failed'
                : 'missing'
          }
          text={hermes.error ?? setup.hermesStates[hermes.state]}
        />
      </ul>
      <h2 className={styles.heading}>{setup.addModel}</h2>
      <ConfigurationLines />
    </details>
  )
}

const icons = { found: CircleCheck, missing: CircleDashed, failed: CircleX }

interface FoundItemProps {
  readonly state: keyof typeof icons
  readonly name: string
  readonly text: string
}

function FoundItem({ state, name, text }: FoundItemProps) {
  const Icon = icons[state]
  return (
    <li data-state={state}>
      <Icon aria-hidden="true" />
      <span>
        <b>{name}</b> {text}
      </span>
    </li>
  )
}
