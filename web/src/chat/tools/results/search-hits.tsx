import { isSafeLink } from '../../markdown/elements/safe-url.ts'
import type { SearchHit } from './tool-value.ts'
import styles from './tool-value.module.css'

/** What a search has found. */
export function SearchHits({ hits }: { readonly hits: readonly SearchHit[] }) {
  return (
    <ol className={styles.hits}>
      {hits.map(({ title, url, text }, index) => (
        // Hits keep their place.
        <li key={index}>
          {url !== null && isSafeLink(url) ? (
            <a href={url} target="_blank" rel="noopener noreferrer">
              {title}
            </a>
          ) : (
            <span className={styles.hitTitle}>{title}</span>
          )}
          {url !== null && isSafeLink(url) && <span className={styles.host}>{new URL(url).host}</span>}
          {text && <p className={styles.snippet}>{text}</p>}
        </li>
      ))}
    </ol>
  )
}
