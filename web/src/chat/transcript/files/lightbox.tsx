import { Dialog } from '@base-ui/react/dialog'
import { X } from 'lucide-react'
import { IconButton } from '../../../components/buttons/icon-button.tsx'
import { strings } from '../../../strings/strings.ts'
import styles from './files.module.css'

interface LightboxProps {
  readonly src: string
  readonly label: string
  readonly onClose: () => void
}

/** An image at its full size, over the page. */
export default function Lightbox({ src, label, onClose }: LightboxProps) {
  return (
    <Dialog.Root defaultOpen onOpenChangeComplete={(isOpen) => !isOpen && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className={styles.scrim} />
        <Dialog.Popup className={styles.lightbox} aria-label={label}>
          <img src={src} alt={label} />
          <Dialog.Close
            render={
              <IconButton className={styles.close} label={strings.transcript.close}>
                <X />
              </IconButton>
            }
          />
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  )
}
