import { useEffect, useState } from 'react'
import { strings } from '../../../strings/strings.ts'
import { drawDiagram } from './draw-diagram.ts'
import styles from './diagram.module.css'

interface DiagramProps {
  readonly code: string
}

interface DrawnDiagram {
  readonly url: string | null
  readonly error: string | null
}

/** A diagram, drawn as an image: nothing in it can run or be clicked. */
export function Diagram({ code }: DiagramProps) {
  const [{ url, error }, setDrawn] = useState<DrawnDiagram>({ url: null, error: null })
  useEffect(() => {
    let isShown = true
    drawDiagram(code, isDarkNow()).then(
      (drawn) => isShown && setDrawn({ url: drawn, error: null }),
      (cause: unknown) =>
        isShown && setDrawn({ url: null, error: cause instanceof Error ? cause.message : String(cause) }),
    )
    return () => {
      isShown = false
    }
  }, [code])
  if (error !== null) return <p className={styles.error}>{strings.transcript.diagram.failed(error)}</p>
  return (
    <div className={styles.diagram} aria-busy={url === null}>
      {url !== null && <img src={url} alt={strings.transcript.diagram.label} />}
    </div>
  )
}

function isDarkNow(): boolean {
  const { theme } = document.documentElement.dataset
  return theme === 'dark' || (theme !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches)
}
