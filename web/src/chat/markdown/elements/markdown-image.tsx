import { ImageOff } from 'lucide-react'
import type { ComponentProps } from 'react'
import type { ExtraProps } from 'react-markdown'
import { strings } from '../../../strings/strings.ts'
import styles from '../markdown.module.css'

const inlineImage = /^data:image\/(?:png|jpeg|gif|webp|avif|svg\+xml)[;,]/i

/**
 * An image of a model's text. One of another server is not loaded, as its URL could tell that server what is in the chat: a
 * link names the host, and opens it.
 */
export function MarkdownImage({ src, alt = '' }: ComponentProps<'img'> & ExtraProps) {
  if (typeof src !== 'string') return null
  if (inlineImage.test(src)) return <img src={src} alt={alt} />
  const url = URL.parse(src)
  if (url?.protocol !== 'https:' && url?.protocol !== 'http:') return <span>{alt}</span>
  return (
    <a className={styles.image} href={url.href} target="_blank" rel="noopener noreferrer">
      <ImageOff aria-hidden="true" />
      <span>
        {alt && <span className={styles.imageAlt}>{alt}</span>}
        <span className={styles.imageHost}>{strings.transcript.imageOf(url.host)}</span>
      </span>
    </a>
  )
}
