import { FileText, Globe, Search, Terminal, Wrench } from 'lucide-react'
import type { ToolCall } from 'segue-client'
import { LiveDuration } from '../../components/live-duration.tsx'
import { formatDuration } from '../../formats/format-duration.ts'
import { strings } from '../../strings/strings.ts'
import styles from './tool-card.module.css'
import type { ToolCallSummary } from './tool-call-summary.ts'

const icons = { command: Terminal, search: Search, file: FileText, web: Globe, other: Wrench } as const

interface ToolCardTitleProps {
  readonly call: ToolCall
  readonly summary: ToolCallSummary
}

/** The tool, what it works with, and how it goes. */
export function ToolCardTitle({ call, summary: { name, server, subject, detail } }: ToolCardTitleProps) {
  const Icon = icons[subject]
  return (
    <>
      <Icon className={styles.icon} aria-hidden="true" />
      <span className={styles.name} title={server ?? undefined}>
        {name}
      </span>
      <span className={styles.detail}>{detail}</span>
      <ToolCallStateLabel call={call} />
    </>
  )
}

const minShownMs = 100

function ToolCallStateLabel({ call: { state, startedAt, finishedAt } }: { readonly call: ToolCall }) {
  const isRunning = state === 'RUNNING' && startedAt !== null
  const took = startedAt !== null && finishedAt !== null ? finishedAt - startedAt : 0
  return (
    <span className={styles.state}>
      <span className={state === 'SUCCEEDED' ? 'visually-hidden' : undefined}>{strings.tools.states[state]}</span>
      {isRunning && (
        <span>
          <LiveDuration since={startedAt} />
        </span>
      )}
      {took >= minShownMs && <span>{formatDuration(took)}</span>}
    </span>
  )
}
