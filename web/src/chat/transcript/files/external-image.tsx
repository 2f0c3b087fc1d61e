import { ImageOff } from 'lucide-react'
import { strings } from '../../../strings/strings.ts'
import styles from './files.module.css'

/**
 * Stands for an image of another server. It is not loaded, as its URL could tell that server what is in the chat: a link
 * names the host, and opens it.
 */
export function ExternalImage({ url, alt }: { readonly url: string; readonly alt: string }) {
  const parsed = URL.parse(url)
  if (parsed?.protocol !== 'https:' && parsed?.protocol !== 'http:') return <span>{alt}</span>
  return (
    <a className={styles.external} href={parsed.href} target="_blank" rel="noopener noreferrer">
      <ImageOff aria-hidden="true" />
      <span>
        {alt && <span className={styles.alt}>{alt}</span>}
        <span className={styles.host}>{strings.transcript.imageOf(parsed.host)}</span>
      </span>
    </a>
  )
}
