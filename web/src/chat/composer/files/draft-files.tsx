import { FileText, RotateCw, X } from 'lucide-react'
import { useSegueClient } from 'segue-client/react'
import { useEffect, useState } from 'react'
import { IconButton } from '../../../components/buttons/icon-button.tsx'
import { strings } from '../../../strings/strings.ts'
import type { Draft } from '../draft/draft.ts'
import type { DraftFile } from '../draft/draft-state.ts'
import { useDraftState } from '../draft/use-draft.ts'
import { focusComposer } from '../../../shortcuts/focus-composer.ts'
import { useUploadShare } from './upload-progress.ts'
import styles from './draft-files.module.css'

/** The files of the message that is being written. */
export function DraftFiles({ draft }: { readonly draft: Draft }) {
  const files = useDraftState(draft, (state) => state.files)
  if (files.length === 0) return null
  return (
    <ul className={styles.files} aria-label={strings.composer.files.list}>
      {files.map((file) => (
        <DraftFileItem key={file.id} draft={draft} file={file} />
      ))}
    </ul>
  )
}

function DraftFileItem({ draft, file }: { readonly draft: Draft; readonly file: DraftFile }) {
  const { id, name, status, error, blob } = file
  const shownName = name || strings.composer.files.unnamed
  return (
    <li className={styles.file} data-status={status}>
      <FilePreview file={file} />
      <span className={styles.texts}>
        <span className={styles.name}>{shownName}</span>
        {status === 'uploading' && <UploadProgress blob={blob} />}
        {error !== null && (
          <span className={styles.error} role="alert">
            {error}
          </span>
        )}
      </span>
      {status === 'failed' && blob && (
        <IconButton label={strings.composer.files.retry(shownName)} onClick={() => draft.retryFile(id)}>
          <RotateCw />
        </IconButton>
      )}
      <IconButton
        label={strings.composer.files.remove(shownName)}
        onClick={() => {
          draft.removeFile(id)
          focusComposer()
        }}
      >
        <X />
      </IconButton>
    </li>
  )
}

/** How much of a file has been sent. A bar without an end while that is not known. */
function UploadProgress({ blob }: Pick<DraftFile, 'blob'>) {
  const share = useUploadShare(blob)
  const percent = share === null ? null : Math.floor(share * 100)
  return (
    <span className={styles.sending}>
      <span
        className={styles.progress}
        role="progressbar"
        aria-label={strings.composer.files.uploading}
        aria-valuenow={percent ?? undefined}
        data-known={percent !== null || undefined}
      >
        {percent !== null && <span className={styles.sent} style={{ width: `${percent}%` }} />}
      </span>
      {percent !== null && <span aria-hidden="true">{strings.composer.files.sent(percent)}</span>}
    </span>
  )
}

function FilePreview({ file: { blob, mediaType, upload } }: { readonly file: DraftFile }) {
  const client = useSegueClient()
  const blobUrl = useObjectUrl(blob)
  const url = blobUrl ?? (upload && client.fileUrl(upload.file.url))
  const [isBroken, setBroken] = useState(false)
  const isImage = mediaType.startsWith('image/') && url !== null && !isBroken
  return (
    <span className={styles.preview}>
      {isImage ? <img src={url} alt="" onError={() => setBroken(true)} /> : <FileText aria-hidden="true" />}
    </span>
  )
}

/** A URL of this page for a blob, as long as the component is shown. */
function useObjectUrl(blob: Blob | null): string | null {
  const [url, setUrl] = useState<string | null>(null)
  useEffect(() => {
    if (!blob?.type.startsWith('image/')) return undefined
    const created = URL.createObjectURL(blob)
    setUrl(created)
    return () => URL.revokeObjectURL(created)
  }, [blob])
  return url
}
