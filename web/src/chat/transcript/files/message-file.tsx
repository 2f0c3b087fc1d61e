import { ErrorText } from '../../../components/error-text.tsx'
import { FileText } from 'lucide-react'
import { useSegueClient } from 'segue-client/react'
import { useState } from 'react'
import { strings } from '../../../strings/strings.ts'
import { ExternalImage } from './external-image.tsx'
import styles from './files.module.css'
import { ImageFile } from './image-file.tsx'
import { saveFile } from './save-file.ts'

export interface FileContent {
  readonly mediaType: string
  readonly name: string | null
  readonly url: string
}

/** A file of a message: an image is shown, another file is a button that saves it. */
export function MessageFile({ file }: { readonly file: FileContent }) {
  const isImage = file.mediaType.startsWith('image/')
  const isHere = /^(?:data:|\/files\/)/.test(file.url)
  if (!isHere) return <ExternalImage url={file.url} alt={file.name ?? ''} />
  return isImage ? <ImageFile url={file.url} name={file.name} /> : <SavedFile file={file} />
}

function SavedFile({ file }: { readonly file: FileContent }) {
  const client = useSegueClient()
  const [error, setError] = useState<string | null>(null)
  const name = file.name ?? strings.transcript.file
  const save = async (): Promise<void> => {
    try {
      const isData = file.url.startsWith('data:')
      saveFile(isData ? toBlob(file.url) : await client.file(file.url), name)
      setError(null)
    } catch (cause) {
      setError(cause instanceof Error ? cause.message : String(cause))
    }
  }
  return (
    <div>
      <button type="button" className={styles.file} title={strings.transcript.save(name)} onClick={() => void save()}>
        <FileText aria-hidden="true" />
        <span className={styles.fileName}>{name}</span>
        <span className={styles.fileType}>{file.mediaType}</span>
      </button>
      <ErrorText className={styles.error}>{error}</ErrorText>
    </div>
  )
}

/** Pages may not fetch data URLs here. */
function toBlob(dataUrl: string): Blob {
  const [, type = '', isBase64, data = ''] = /^data:([^;,]*)[^,]*?(;base64)?,(.*)$/s.exec(dataUrl) ?? []
  const text = isBase64 ? atob(data) : decodeURIComponent(data)
  const bytes = isBase64 ? Uint8Array.from(text, (character) => character.charCodeAt(0)) : text
  return new Blob([bytes], { type })
}
