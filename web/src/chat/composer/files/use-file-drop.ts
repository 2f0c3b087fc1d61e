import { useEffect, useEffectEvent, useState } from 'react'

/** Takes files that are dropped anywhere on the page. True while files are dragged over it. */
export function useFileDrop(onFiles: (files: readonly File[]) => void): boolean {
  const [isOver, setOver] = useState(false)
  const takeFiles = useEffectEvent(onFiles)
  useEffect(() => {
    const leave = new AbortController()
    const options = { signal: leave.signal }
    // Every element that the pointer enters and leaves tells so.
    let depth = 0
    const show = (change: number): void => {
      depth = Math.max(0, depth + change)
      setOver(depth > 0)
    }
    const hasFiles = ({ dataTransfer }: DragEvent): boolean => dataTransfer?.types.includes('Files') === true
    const onDragEnter = (event: DragEvent): void => {
      if (hasFiles(event)) show(1)
    }
    const onDragLeave = (event: DragEvent): void => {
      if (hasFiles(event)) show(-1)
    }
    const onDragOver = (event: DragEvent): void => {
      // Without it, the browser would open the file.
      if (hasFiles(event)) event.preventDefault()
    }
    const onDrop = (event: DragEvent): void => {
      show(-depth)
      if (!hasFiles(event)) return
      event.preventDefault()
      takeFiles([...(event.dataTransfer?.files ?? [])])
    }
    document.addEventListener('dragenter', onDragEnter, options)
    document.addEventListener('dragleave', onDragLeave, options)
    document.addEventListener('dragover', onDragOver, options)
    document.addEventListener('drop', onDrop, options)
    return () => leave.abort()
  }, [])
  return isOver
}
