/** The texts of tool calls. */
export const toolStrings = {
  arguments: 'Arguments',
  result: 'Result',
  nothing: 'Without arguments and without a result.',
  diff: 'Changes',
  note: (text: string) => `Note: ${text}`,
  showAll: (characters: number) => `Show all ${characters.toLocaleString('en')} characters`,
  states: {
    STREAMING: 'Writing',
    AWAITING_APPROVAL: 'Waits for you',
    RUNNING: 'Running',
    SUCCEEDED: 'Done',
    FAILED: 'Failed',
    DENIED: 'Not allowed',
    CANCELLED: 'Cancelled',
    OUTCOME_UNKNOWN: 'The server stopped: whether it took effect is not known',
  },
} as const
