import { defineDialect } from '../dialect.ts'

/** Anthropic's Messages API: https://docs.anthropic.com/en/api/messages */
export const anthropicDialect = defineDialect({
  name: 'anthropic',
  recognition: {
    host: /(^|\.)api\.anthropic\.com$/,
    defaultOf: 'anthropic',
  },
  errors: { codes: { overloaded: ['overloadederror'], quota: ['billingerror'], timeout: ['timeouterror'] } },
  // Results of tools are in the user's turn, and the user's next words may follow them there.
  roles: { startsWithUser: true, alternates: false, system: 'first' },
  reasoning: { messageState: ['thinking', 'redacted_thinking'], returned: 'within-turn' },
  finishReasons: {
    end_turn: 'STOP',
    stop_sequence: 'STOP',
    // The answer goes on in another request, after the provider's own tools have run. Segue offers none of these.
    pause_turn: 'OTHER',
    model_context_window_exceeded: 'LENGTH',
  },
  retry: {
    headers: { 'anthropic-ratelimit-requests-reset': 'date', 'anthropic-ratelimit-tokens-reset': 'date' },
  },
  tools: { maxCount: 512, maxDescriptionLength: 10_000 },
  images: { maxCount: 100 },
})
