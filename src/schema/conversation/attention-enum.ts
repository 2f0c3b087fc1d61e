import { schemaBuilder } from '../schema-builder.ts'

export const AttentionEnum = schemaBuilder.enumType('Attention', {
  description: 'What a conversation wants of a person: over all of its sessions, the most urgent first.',
  values: {
    NEEDS_APPROVAL: { description: 'A tool waits for approval.' },
    NEEDS_ANSWER: { description: 'A question waits for an answer.' },
    FAILED: { description: 'The last answer failed, and was not read.' },
    WORKING: { description: 'An answer is being made.' },
    UNREAD: {
      description:
        'After `readAt`, a message of the assistant ended, or a message came in that was not sent through Segue.',
    },
    IDLE: { description: 'Nothing of this.' },
  } as const,
})
