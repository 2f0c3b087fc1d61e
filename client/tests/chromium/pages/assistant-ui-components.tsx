import {
  ActionBarPrimitive,
  AuiIf,
  BranchPickerPrimitive,
  ComposerPrimitive,
  MessagePrimitive,
  QueueItemPrimitive,
  ThreadListItemPrimitive,
  ThreadListPrimitive,
  ThreadPrimitive,
  type ToolCallMessagePartProps,
  useAui,
  useAuiState,
} from '@assistant-ui/react'
import { useState } from 'react'

/** As assistant-ui's own component, without any style: of its primitives, and nothing else. */
export function Thread() {
  return (
    <ThreadPrimitive.Root>
      <ThreadPrimitive.Viewport>
        <EarlierMessages />
        <ThreadPrimitive.Messages components={{ UserMessage, AssistantMessage, EditComposer }} />
      </ThreadPrimitive.Viewport>
      <ComposerPrimitive.Root>
        <ComposerPrimitive.Queue>
          {({ queueItem }) => <QueuedMessage text={queueItem.prompt} />}
        </ComposerPrimitive.Queue>
        <ComposerPrimitive.Input aria-label="Message" />
        <AuiIf condition={({ thread }) => !thread.isRunning}>
          <ComposerPrimitive.Send>Send</ComposerPrimitive.Send>
        </AuiIf>
        <AuiIf condition={({ thread }) => thread.isRunning}>
          <ComposerPrimitive.Cancel>Stop</ComposerPrimitive.Cancel>
        </AuiIf>
      </ComposerPrimitive.Root>
    </ThreadPrimitive.Root>
  )
}

function QueuedMessage({ text }: { readonly text: string }) {
  return (
    <p data-testid="waiting">
      <span>{text}</span>
      <QueueItemPrimitive.Steer aria-label={`Run ${text} now`}>Run now</QueueItemPrimitive.Steer>
      <QueueItemPrimitive.Remove aria-label={`Take back ${text}`}>x</QueueItemPrimitive.Remove>
    </p>
  )
}

function EarlierMessages() {
  const aui = useAui()
  const hasEarlier = useAuiState(({ thread }) => thread.hasEarlier)
  return hasEarlier ? <button onClick={() => void aui.thread().loadEarlier()}>Earlier</button> : null
}

function UserMessage() {
  return (
    <MessagePrimitive.Root data-testid="user">
      <MessagePrimitive.Parts />
      <ActionBarPrimitive.Edit>Edit</ActionBarPrimitive.Edit>
      <BranchPicker label="Prompt" />
    </MessagePrimitive.Root>
  )
}

function EditComposer() {
  return (
    <ComposerPrimitive.Root>
      <ComposerPrimitive.Input aria-label="Edited message" />
      <ComposerPrimitive.Send>Save</ComposerPrimitive.Send>
    </ComposerPrimitive.Root>
  )
}

function AssistantMessage() {
  const status = useAuiState(({ message }) => message.status?.type)
  return (
    <MessagePrimitive.Root data-testid="assistant" data-status={status}>
      <MessagePrimitive.Parts components={{ tools: { Fallback: Tool } }} />
      <MessagePrimitive.Error>
        <p role="alert">It failed.</p>
      </MessagePrimitive.Error>
      <ActionBarPrimitive.Reload>Again</ActionBarPrimitive.Reload>
      <BranchPicker label="Answer" />
    </MessagePrimitive.Root>
  )
}

function BranchPicker({ label }: { readonly label: string }) {
  return (
    <BranchPickerPrimitive.Root hideWhenSingleBranch aria-label={label} role="group">
      <BranchPickerPrimitive.Previous>Previous</BranchPickerPrimitive.Previous>
      <BranchPickerPrimitive.Number />/<BranchPickerPrimitive.Count />
      <BranchPickerPrimitive.Next>Next</BranchPickerPrimitive.Next>
    </BranchPickerPrimitive.Root>
  )
}

function Tool({ toolName, result, approval, respondToApproval }: ToolCallMessagePartProps) {
  const [text, setText] = useState('')
  const isAsking = approval && approval.approved === undefined && !approval.resolution
  return (
    <section aria-label={toolName}>
      <p>{approval?.prompt}</p>
      <p>{typeof result === 'string' ? result : null}</p>
      {isAsking &&
        approval.options?.map(({ id, label }) => (
          <button key={id} onClick={() => void respondToApproval({ optionId: id, reason: 'Because.' })}>
            {label}
          </button>
        ))}
      {isAsking && approval.display ? (
        <>
          <input aria-label="Answer" value={text} onChange={({ target }) => setText(target.value)} />
          <button onClick={() => void respondToApproval({ text })}>Reply</button>
        </>
      ) : null}
    </section>
  )
}

export function ThreadList() {
  return (
    <ThreadListPrimitive.Root aria-label="Threads" role="navigation">
      <ThreadListPrimitive.New>New chat</ThreadListPrimitive.New>
      <ThreadListPrimitive.Items>
        {({ threadListItem }) => (
          <ThreadListItemPrimitive.Root data-testid="thread">
            <ThreadListItemPrimitive.Trigger>
              <ThreadListItemPrimitive.Title fallback="Untitled" />
            </ThreadListItemPrimitive.Trigger>
            <ThreadListItemPrimitive.Archive aria-label={`Archive ${threadListItem.title}`}>
              x
            </ThreadListItemPrimitive.Archive>
            <ThreadListItemPrimitive.Delete aria-label={`Delete ${threadListItem.title}`}>
              x
            </ThreadListItemPrimitive.Delete>
          </ThreadListItemPrimitive.Root>
        )}
      </ThreadListPrimitive.Items>
    </ThreadListPrimitive.Root>
  )
}
