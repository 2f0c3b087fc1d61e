import type { ToolCall } from 'segue-client'
import { memo } from 'react'
import { Fold } from '../../components/fold.tsx'
import { strings } from '../../strings/strings.ts'
import { CodeLines } from '../markdown/code/code-lines.tsx'
import { useFold } from '../transcript/scroll/use-fold.ts'
import { readToolArguments } from './results/read-tool-arguments.ts'
import { readToolResult } from './results/read-tool-result.ts'
import { ToolValueView } from './results/tool-value-view.tsx'
import styles from './tool-card.module.css'
import { summarizeToolCall } from './tool-call-summary.ts'
import { ToolCardTitle } from './tool-card-title.tsx'

/** A tool call: what it does in one line, with its arguments and its result below it. */
export const ToolCard = memo(function ToolCard({ call }: { readonly call: ToolCall }) {
  const isStreaming = call.state === 'STREAMING'
  const [isOpen, toggle] = useFold(isStreaming && call.argumentsText.length > 0)
  const summary = summarizeToolCall(call)
  return (
    <div className={styles.card} data-state={call.state}>
      <Fold
        isOpen={isOpen}
        onToggle={toggle}
        className={styles.fold}
        title={<ToolCardTitle call={call} summary={summary} />}
      >
        {isStreaming ? <StreamedArguments text={call.argumentsText} /> : <ToolDetails call={call} />}
      </Fold>
    </div>
  )
})

/** The end of the arguments while they arrive. */
function StreamedArguments({ text }: { readonly text: string }) {
  return (
    <div className={styles.streamed}>
      <pre>
        <CodeLines code={text} lines={null} />
      </pre>
    </div>
  )
}

function ToolDetails({ call }: { readonly call: ToolCall }) {
  const given = readToolArguments(call)
  const returned = readToolResult(call)
  const note = call.approvalAnswer?.reason
  return (
    <div className={styles.details}>
      {given.length > 0 && <h4 className={styles.label}>{strings.tools.arguments}</h4>}
      {given.map((value, index) => (
        // Values keep their place.
        <ToolValueView key={index} value={value} />
      ))}
      {note !== undefined && <p className={styles.note}>{strings.tools.note(note)}</p>}
      {(returned.length > 0 || call.error !== null) && <h4 className={styles.label}>{strings.tools.result}</h4>}
      {call.error !== null && <ToolValueView value={{ kind: 'error', text: call.error }} />}
      {returned.map((value, index) => (
        <ToolValueView key={index} value={value} />
      ))}
      {given.length === 0 && returned.length === 0 && call.error === null && (
        <p className={styles.note}>{strings.tools.nothing}</p>
      )}
    </div>
  )
}
