import { schemaBuilder } from '../schema-builder.ts'

export const ApprovalDecisionEnum = schemaBuilder.enumType('ApprovalDecision', {
  description: "A user's answer to a tool call that needs approval.",
  values: {
    ONCE: { description: 'Run the tool this time.' },
    SESSION: {
      description:
        'Run the tool, and do not ask again for this tool in this session and in the sessions that continue it. Calls of the tool that wait in the session run as well.',
    },
    ALWAYS: {
      description:
        'Run the tool, and do not ask again for this tool in this profile. Calls of the tool that wait in the profile run as well.',
    },
    DENY: { description: 'Do not run the tool. The model receives the denial as the error of the call.' },
  } as const,
})

export const DecisionStateEnum = schemaBuilder.enumType('DecisionState', {
  description: 'The state of an approval or a clarification. All values but PENDING are final.',
  values: {
    PENDING: { description: 'No user has answered yet.' },
    ANSWERED: { description: 'A user has answered.' },
    EXPIRED: { description: 'No user answered in time. An expired approval counts as denied.' },
    CANCELLED: { description: 'The stream ended before a user answered.' },
  } as const,
})
