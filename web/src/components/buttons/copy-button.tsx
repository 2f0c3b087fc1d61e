import { Check, Copy } from 'lucide-react'
import { useEffect, useState } from 'react'
import { strings } from '../../strings/strings.ts'
import { copyText } from './copy-text.ts'
import { IconButton } from './icon-button.tsx'

interface CopyButtonProps {
  /** What it copies, for screen readers and as a tooltip. */
  readonly label: string
  readonly getText: () => string | Promise<string>
  readonly className?: string
}

const shownMs = 2000

/** Copies a text, and says for a moment that it has. */
export function CopyButton({ label, getText, className = '' }: CopyButtonProps) {
  const [isCopied, setCopied] = useState(false)
  useEffect(() => {
    if (!isCopied) return
    const timer = setTimeout(() => setCopied(false), shownMs)
    return () => clearTimeout(timer)
  }, [isCopied])
  const copy = async (): Promise<void> => setCopied(await copyText(await getText()))
  return (
    <IconButton className={className} label={isCopied ? strings.copied : label} onClick={() => void copy()}>
      {isCopied ? <Check /> : <Copy />}
    </IconButton>
  )
}
