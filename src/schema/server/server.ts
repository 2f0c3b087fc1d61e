import { maxFilesPerMessage } from '../../chat/attachments/validate-message-files.ts'
import { maxFileBytes } from '../../chat/attachments/validate-file-content.ts'
import { maxMessageTextCodeUnits } from '../../chat/requests/send-message-request.ts'
import { maxQueuedStreams } from '../../chat/runtime/queue/queued-streams.ts'
import { segueVersion } from '../../config/command-line/segue-version.ts'
import type { ServerLimits } from '../../config/limits.ts'
import { type ErrorCode, errorCodeDescriptions, isSegueErrorCode } from '../../lib/errors.ts'
import type { HermesStatus } from '../../storage/sessions/hermes-status.ts'
import { defaultProfileName } from '../../profiles/profile-name.ts'
import type { ViewerProfiles } from '../../services/viewer-profiles.ts'
import { ViewerType } from './viewer.ts'
import { ErrorCodeEnum } from '../error-code.ts'
import { schemaBuilder } from '../schema-builder.ts'

const HermesStateEnum = schemaBuilder.enumType('HermesState', {
  description: 'Whether the data of a Hermes agent can be read.',
  values: {
    FOUND: { description: 'Its sessions are shown.' },
    NOT_FOUND: { description: 'There is no Hermes agent yet. Its sessions are shown as soon as there is one.' },
    DISABLED: { description: 'Hermes is turned off in the configuration.' },
    UNREADABLE: { description: 'Its database cannot be read. Its sessions are hidden until it can be.' },
    UNREACHABLE: {
      description:
        'The process that reads it for all servers of the database is gone. Its sessions are listed; their messages cannot be read until another one that has its files has taken over.',
    },
  } as const,
})

const HermesStatusType = schemaBuilder.objectRef<HermesStatus>('HermesStatus').implement({
  description: 'The Hermes agent of the profile `default`.',
  fields: (t) => ({
    state: t.expose('state', { type: HermesStateEnum, description: 'Whether its data can be read.' }),
    error: t.exposeString('error', {
      nullable: true,
      description: 'What is wrong with its database, as a sentence. Null if nothing is.',
    }),
  }),
})

const ServerLimitsType = schemaBuilder.objectRef<ServerLimits>('ServerLimits').implement({
  description: 'What the server accepts at most.',
  fields: (t) => ({
    textLength: t.int({
      description: 'The length of the text of a message, in UTF-16 code units.',
      resolve: () => maxMessageTextCodeUnits,
    }),
    files: t.int({ description: 'The number of files of a message.', resolve: () => maxFilesPerMessage }),
    fileBytes: t.int({
      description: 'The size of a file, in bytes. For text it is less, see `FileInput.mediaType`.',
      resolve: () => Math.max(...Object.values(maxFileBytes)),
    }),
    decisionSeconds: t.int({
      description: 'After so many seconds, an approval or a clarification without an answer expires.',
      resolve: ({ decisionSeconds }) => Math.ceil(decisionSeconds),
    }),
    queueLength: t.int({
      description: 'The number of messages that wait in a session.',
      resolve: () => maxQueuedStreams,
    }),
  }),
})

/** What a viewer without the profile `default` is told. */
const noHermes: HermesStatus = { state: 'NOT_FOUND', error: null }

const ServerType = schemaBuilder.objectRef<ViewerProfiles>('Server').implement({
  description: 'The server that answers.',
  fields: (t) => ({
    version: t.string({ description: 'Its semantic version.', resolve: () => segueVersion }),
    startedAt: t.expose('startedAt', { type: 'DateTime', description: 'The time at which it was started.' }),
    errorCodes: t.field({
      type: [ErrorCodeEnum],
      description: 'Every code that `extensions.code` of an error can have.',
      resolve: (): ErrorCode[] => Object.keys(errorCodeDescriptions).filter(isSegueErrorCode),
    }),
    limits: t.expose('limits', { type: ServerLimitsType, description: 'What it accepts at most.' }),
    hermes: t.field({
      type: HermesStatusType,
      description: 'The Hermes agent of the profile `default`.',
      resolve: async (_, __, { profiles }) =>
        (await profiles.findProfile(defaultProfileName))?.profile.loadHermesStatus() ?? noHermes,
    }),
    viewer: t.expose('viewer', {
      type: ViewerType,
      description: 'Who asks: the token of the request, what it allows and for which profiles.',
    }),
  }),
})

schemaBuilder.queryField('server', (t) =>
  t.field({
    type: ServerType,
    description: 'The server: its version, its limits, and what it has found.',
    resolve: (_, __, { profiles }) => profiles.visible,
  }),
)
