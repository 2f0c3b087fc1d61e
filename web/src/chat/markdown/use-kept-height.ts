import { type CSSProperties, type RefObject, useLayoutEffect, useRef, useState } from 'react'

interface KeptBox<Box> {
  readonly ref: RefObject<Box | null>
  readonly style: CSSProperties | undefined
  readonly 'data-kept': true | undefined
}

/**
 * Makes a box cost nothing while it is not seen, once it does not change any more: an empty box of the same height keeps its
 * place, so that nothing moves. `expectedHeight` is that of a box which is still empty, in pixels.
 */
export function useKeptHeight<Box extends HTMLElement>(
  isWhole: boolean,
  expectedHeight: number | null = null,
): KeptBox<Box> {
  const ref = useRef<Box>(null)
  const [height, setHeight] = useState(0)
  useLayoutEffect(() => {
    if (isWhole && ref.current) setHeight(ref.current.getBoundingClientRect().height)
  }, [isWhole])
  if (height > 0) return { ref, style: { containIntrinsicBlockSize: `auto ${height}px` }, 'data-kept': true }
  return { ref, style: expectedHeight === null ? undefined : { minHeight: expectedHeight }, 'data-kept': undefined }
}
