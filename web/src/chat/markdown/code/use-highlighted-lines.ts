import { useEffect, useState } from 'react'
import type { HighlightedLine } from './highlighted-line.ts'
import { getHighlighted, highlight } from './highlighter.ts'

/** The lines of whole code with their colours. Null until there are any, and for a language that is not known. */
export function useHighlightedLines(
  code: string,
  language: string,
  isWhole: boolean,
): readonly HighlightedLine[] | null {
  // Code that was highlighted before has its colours at once.
  const known = isWhole ? getHighlighted(code, language) : undefined
  const [, setHighlighted] = useState(code)
  useEffect(() => {
    if (!isWhole || known !== undefined) return
    let isShown = true
    void highlight(code, language).then(() => isShown && setHighlighted(`${language}\n${code}`))
    return () => {
      isShown = false
    }
  }, [code, language, isWhole, known])
  return known ?? null
}
