import { Search, X } from 'lucide-react'
import { type KeyboardEvent, useRef } from 'react'
import { IconButton } from '../components/buttons/icon-button.tsx'
import { strings } from '../strings/strings.ts'
import styles from './search-field.module.css'

interface SearchFieldProps {
  readonly query: string
  readonly onChange: (query: string) => void
  /** Goes to the first result. */
  readonly onLeave: () => void
}

/** Searches while one types. Escape clears it, the arrow down goes to the results. */
export function SearchField({ query, onChange, onLeave }: SearchFieldProps) {
  const input = useRef<HTMLInputElement>(null)
  const clear = (): void => {
    onChange('')
    input.current?.focus()
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.nativeEvent.isComposing) return
    if (event.key === 'Escape' && query !== '') onChange('')
    else if (event.key === 'ArrowDown') onLeave()
    else return
    event.preventDefault()
  }
  return (
    <search className={styles.search}>
      <Search aria-hidden="true" className={styles.icon} />
      <input
        ref={input}
        className={styles.field}
        type="text"
        inputMode="search"
        aria-label={strings.search.field}
        placeholder={strings.search.field}
        autoComplete="off"
        value={query}
        onChange={({ currentTarget }) => onChange(currentTarget.value)}
        onKeyDown={onKeyDown}
      />
      {query !== '' && (
        <IconButton className={styles.clear} label={strings.search.clear} onClick={clear}>
          <X />
        </IconButton>
      )}
    </search>
  )
}
