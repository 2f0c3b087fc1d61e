import { lazy, Suspense, useState } from 'react'
import { strings } from '../../../strings/strings.ts'
import styles from './files.module.css'
import { useFileUrl } from './use-file-url.ts'
import { loadPatiently } from '../../../components/errors/load-patiently.ts'

const Lightbox = lazy(loadPatiently(() => import('./lightbox.tsx')))

interface ImageFileProps {
  readonly url: string
  readonly name: string | null
}

/** An image of this server, in a box whose size does not depend on it: nothing moves when it arrives. It opens at full size. */
export function ImageFile({ url, name }: ImageFileProps) {
  const { src, error } = useFileUrl(url)
  const [isOpen, setOpen] = useState(false)
  const label = name ?? strings.transcript.image
  if (error) return <span className={styles.error}>{strings.transcript.imageMissing(label, error.message)}</span>
  return (
    <>
      <button
        type="button"
        className={styles.thumbnail}
        aria-label={strings.transcript.enlarge(label)}
        disabled={src === null}
        onClick={() => setOpen(true)}
      >
        {src !== null && <img src={src} alt={label} />}
      </button>
      {isOpen && src !== null && (
        <Suspense>
          <Lightbox src={src} label={label} onClose={() => setOpen(false)} />
        </Suspense>
      )}
    </>
  )
}
