import { useContext } from 'react'
import { CodeBlock } from '../code/code-block.tsx'
import { LiveBlockContext } from '../live-block-context.ts'

/** A code block within a list or a quotation. Whether its end has arrived is not known before the block around it is whole. */
export function NestedCode(props: { readonly code: string; readonly language: string }) {
  const isLive = useContext(LiveBlockContext)
  return <CodeBlock {...props} isClosed={!isLive} />
}
