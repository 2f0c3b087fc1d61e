import {
  type ProviderState,
  SettingsProvidersDocument,
  type ShownModelFragment,
  type ShownProviderFragment,
} from '../../graphql/generated/graphql.ts'
import { usePolling } from '../../graphql/use-polling.ts'
import { useQuery } from '../../graphql/use-query.ts'
import { strings } from '../../strings/strings.ts'
import { Section } from '../section.tsx'
import { StateBadge } from '../../components/state-badge/state-badge.tsx'
import styles from '../settings.module.css'
import { ModelTable } from './model-table.tsx'

const tones = { READY: 'good', NO_KEY: 'warm', REFUSED: 'bad', UNREACHABLE: 'bad' } as const satisfies Record<
  ProviderState,
  string
>

/** While something is wrong, so that a fix is seen. The server asks a provider again after five seconds. */
const pollMs = 6000

/** The providers and their models, whether they answer, and what to do where one does not. */
export function Providers({ profile }: { readonly profile: string }) {
  const text = strings.settingsView.providers
  const query = useQuery(SettingsProvidersDocument, { profile })
  const { providers = [], models = [] } = query.data?.profile ?? {}
  // In one list of their own: those of each of many providers would cost more than a request may.
  const modelsByProvider = Map.groupBy(models, ({ provider }) => provider)
  const isMended = providers.every(({ state }) => state === 'READY')
  usePolling(query.reload, isMended ? null : pollMs)
  return (
    <Section
      title={text.title}
      query={query}
      reloadLabel={text.ask}
      loadingText={text.asking}
      placeholder={
        <ul className={styles.list}>
          <ProviderItem provider={expected} models={[]} />
        </ul>
      }
    >
      <ul className={styles.list} aria-label={text.title} aria-busy={query.isLoading}>
        {providers.map((provider) => (
          <ProviderItem key={provider.name} provider={provider} models={modelsByProvider.get(provider.name) ?? []} />
        ))}
      </ul>
    </Section>
  )
}

/** The only one that all servers have. */
const expected: ShownProviderFragment = { name: 'offline', type: 'offline', state: 'READY', error: null }

interface ProviderItemProps {
  readonly provider: ShownProviderFragment
  readonly models: readonly ShownModelFragment[]
}

function ProviderItem({ provider, models }: ProviderItemProps) {
  const text = strings.settingsView.providers
  const { name, type, state, error } = provider
  return (
    <li className={styles.item}>
      <div className={styles.itemHeader}>
        <span className={styles.name}>{name}</span>
        <StateBadge tone={tones[state]}>{text.states[state]}</StateBadge>
        <span className={styles.hint}>{type}</span>
      </div>
      {error != null && <p className={styles.problem}>{error}</p>}
      {models.length === 0 ? (
        <p className={styles.hint}>{text.noModels}</p>
      ) : (
        <details className={styles.details}>
          <summary>{text.models(models.length, name)}</summary>
          <ModelTable models={models} label={text.modelsOf(name)} />
        </details>
      )}
    </li>
  )
}
