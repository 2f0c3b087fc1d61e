import { useState } from 'react'
import { CopyButton } from '../../components/buttons/copy-button.tsx'
import { strings } from '../../strings/strings.ts'
import styles from './first-run.module.css'

const { setup } = strings.firstRun

const toConfiguration = (name: string, provider: string): string => `{
  "providers": {
    "${name}": ${provider}
  }
}`

/** As docs/providers.md has them. */
const configurations = [
  { label: 'OpenAI', text: toConfiguration('openai', '{ "type": "openai", "apiKeyEnv": "OPENAI_API_KEY" }') },
  {
    label: 'Anthropic',
    text: toConfiguration('anthropic', '{ "type": "anthropic", "apiKeyEnv": "ANTHROPIC_API_KEY" }'),
  },
  {
    label: setup.ownServer,
    text: toConfiguration('local', '{ "type": "openai-compatible", "baseURL": "http://127.0.0.1:8080/v1" }'),
  },
]

/** The lines of config.json that add a model, for a few providers. */
export function ConfigurationLines() {
  const [index, setIndex] = useState(0)
  const text = configurations[index]?.text ?? ''
  return (
    <>
      <div className={styles.choices} role="group" aria-label={setup.provider}>
        {configurations.map(({ label }, each) => (
          <button
            key={label}
            type="button"
            className={styles.choice}
            aria-pressed={each === index}
            onClick={() => setIndex(each)}
          >
            {label}
          </button>
        ))}
      </div>
      <div className={styles.code}>
        <pre tabIndex={0} aria-label={setup.file}>
          <code>{text}</code>
        </pre>
        <CopyButton className={styles.copy ?? ''} label={setup.copy} getText={() => text} />
      </div>
      <p className={styles.hint}>{setup.added}</p>
    </>
  )
}
