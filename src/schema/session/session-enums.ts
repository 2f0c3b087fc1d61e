import { schemaBuilder } from '../schema-builder.ts'

export const OriginEnum = schemaBuilder.enumType('Origin', {
  description: 'Where a session or a job is stored.',
  values: {
    SEGUE: { description: 'Stored by Segue. Readable and writable.' },
    HERMES: { description: 'Read from the files of a Hermes agent. Read-only.' },
  } as const,
})

export const ChannelEnum = schemaBuilder.enumType('Channel', {
  description: 'The kind of client that a session was held in. It groups the values of `Session.source`.',
  values: {
    SEGUE: { description: 'A client of this API.' },
    WEB: { description: 'The web interface of a Hermes agent.' },
    CLI: { description: 'A terminal, a desktop program or an editor.' },
    MESSAGING: { description: 'A chat platform, such as Telegram, Slack or email.' },
    API: { description: 'An API server or a webhook of a Hermes agent.' },
    CRON: { description: 'A scheduled run of a job.' },
    TOOL: { description: 'Another session, which started this one as a sub-agent, a tool or a task.' },
    OTHER: { description: 'A source that Segue does not know.' },
  } as const,
})

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
