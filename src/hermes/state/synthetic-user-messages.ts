/** The heading of the task list that Hermes sends to the model again after a compaction. */
export const hermesTaskListHeading = '[Your active task list was preserved across context compression]'

/** How messages begin that Hermes writes in the user's name after a compaction. Nobody has written or seen them. */
export const syntheticUserMessagePrefixes: readonly string[] = [
  hermesTaskListHeading,
  'Continue from the compressed conversation context above.',
]
