import {
  getNamedType,
  type GraphQLInputType,
  type GraphQLNullableInputType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
} from 'graphql'
import type { InputPosition } from './input-positions.ts'

/** The expected outcome of a value: an error with this code, or nothing, as for an unknown id in a query. */
export type ExpectedOutcome = 'BAD_USER_INPUT' | 'NOT_FOUND' | 'TOO_LARGE' | 'nothing'

export interface BadValue {
  /** Undefined: the value is omitted. */
  readonly value: unknown
  readonly outcome: ExpectedOutcome
}

/** Values of existing objects, from which bad values are derived. */
export interface KnownIds {
  readonly sessionId: string
  readonly streamId: string
  readonly messageId: string
  /** A pending approval. */
  readonly approvalId: string
  /** A pending clarification. */
  readonly clarificationId: string
  /** An empty session. */
  readonly spareId: string
  readonly jobId: string
  /** A run of that job. */
  readonly runId: string
  readonly sessionCursor: string
  readonly messageCursor: string
}

/** The invalid values of a position, by its type and by the rules of the schema. */
export function listBadValues(position: InputPosition, known: KnownIds): BadValue[] {
  const missing = isNonNullType(position.type) ? [null, undefined].map(badInputValue) : []
  return [...missing, ...listWrongTypes(position.type), ...listWrongValues(position, known)]
}

const badInputValue = (value: unknown): BadValue => ({ value, outcome: 'BAD_USER_INPUT' })
const noMatchValue = (value: unknown): BadValue => ({ value, outcome: 'nothing' })

function listWrongTypes(type: GraphQLInputType): BadValue[] {
  return listWrongTypesOf(isNonNullType(type) ? type.ofType : type).map(badInputValue)
}

function listWrongTypesOf(type: GraphQLNullableInputType): unknown[] {
  if (isListType(type)) {
    const items = listWrongTypes(type.ofType).map(({ value }) => [value])
    return [...items, ...(isNonNullType(type.ofType) ? [[null]] : [])]
  }
  if (isInputObjectType(type)) return ['text', 1, true, [], [{}, {}], { nobody: 1 }, JSON.parse('{"__proto__": {}}')]
  if (isEnumType(type)) return ['NOBODY', '', type.getValues()[0]?.name.toLowerCase(), 1, true, {}, []]
  switch (type.name) {
    case 'Int':
      return ['1', '', 1.5, true, 2 ** 31, -(2 ** 31) - 1, 1e300, {}, [1]]
    case 'Float':
      return ['1', '', true, {}, [1]]
    case 'SafeInt':
      return ['1', '', 1.5, -1, 2 ** 53, 1e300, true, {}, [1]]
    case 'Boolean':
      return ['true', 0, 1, {}, [true]]
    case 'String':
      return [1, 1.5, false, {}, ['text']]
    case 'ID':
      return [1.5, true, {}, ['id']]
    case 'DateTime':
      return ['', 'yesterday', '2026-01-31', '2026-13-31T09:30:00Z', 1, true, {}, []]
    case 'JSON':
      // Every value is JSON: each field has its own rules.
      return []
    default:
      throw new Error(`There are no invalid values for the type ${type.name}. Add some.`)
  }
}

const malformedTexts = ['\0', '\ud800', '\udc00a', 'a\n', 'x'.repeat(10_000)]

const unknownIds = [
  '',
  ' ',
  'nobody',
  'ses_00000000000000000000000000',
  'str_00000000000000000000000000',
  'msg_00000000000000000000000000',
  'apr_00000000000000000000000000',
  'clr_00000000000000000000000000',
  'job_00000000000000000000000000',
  'jrn_00000000000000000000000000',
  'ses_',
  '../x',
  "' OR 1=1 --",
  '%',
  'nobody:1',
  'nobody:99999999999999999999',
  1,
  -1,
  ...malformedTexts,
]

const profileNames = ['', ' ', 'a\n', '\n', '../x', '..', '.', 'Ä', 'A', '-a', '_a', 'a b', 'a/b', ' a', 'default\n']

const badProfiles = [...profileNames, ...malformedTexts, 'x'.repeat(65)]

const modelIds = [
  '',
  ' ',
  'test',
  'local',
  'local/',
  '/test',
  'local/nobody',
  'nobody/test',
  'LOCAL/test',
  'local/test ',
]

const jobNames = ['', ' ', '\n\t', '\0', 'x'.repeat(201), 'x'.repeat(10_000)]

const schedules = [
  ...['', ' ', 'nobody', 'never', '30m', '9', '0 9 * *', '0 9 * * * * *', '60 * * * *', '* 24 * * *', '0 0 30 2 *'],
  ...[
    '@nobody',
    'every',
    'every 0s',
    'every -1m',
    'every 1.5h',
    'every day',
    'every 4000d',
    'in 0m',
    'in',
    'in 1m ago',
  ],
  ...['2001-01-01T00:00:00Z', '2126-02-30T00:00:00Z', '2126-01-31T09:00:00', '2126-01-31', 'tomorrow'],
  ...['0 9 *\n* * *', '0\u00a09 * * *', '\u0660 9 * * *', '\0', '\ud800', '0 9 * * *; DROP', 'x'.repeat(10_000)],
]

const timezones = ['', ' ', 'nobody', 'Europe/Nowhere', 'Europe/Berlin ', '../UTC', 'UTC\n', ...malformedTexts]

const toBase64Url = (text: string): string => Buffer.from(text).toString('base64url')

const cursors = [
  '',
  ' ',
  'nobody',
  '1',
  ...['', 'null', '""', '[]', '{}', '[1]', '[1,2]', '["1","a"]', '[1.5,"a"]', '1.5', '1e999', '[1,"a",2]'].map(
    toBase64Url,
  ),
  `${toBase64Url('1')}=`,
  `${toBase64Url('[1,"a"]')} `,
  ...malformedTexts,
]

const file = { mediaType: 'text/plain', url: 'data:,Hello' }

const fileNames = ['', ' ', 'a/b', '../a', 'a\\b', 'a\n', '\0', 'x'.repeat(201), 'x'.repeat(10_000)]

/** Labels that are refused although the bytes are text. With a supported one, the bytes are at fault. */
const mediaTypes = [
  'text',
  'text/',
  '/plain',
  'text/plain\r\nx: y',
  'text/pl\u00e4in',
  'text/plain/',
  'text/*',
  'image/*',
  'image/svg+xml',
  'image/PNG2',
  'image/bmp',
  'image/heic-nobody',
  `text/${'x'.repeat(10_000)}`,
  ...malformedTexts,
]

const fileUrls = [
  '',
  ' ',
  'nobody',
  'http://example.com/a.txt',
  'https://',
  'https://a b/',
  'https://example.com/\ud800',
  'https://example.com/\n',
  'https://example.com/\0',
  'https://nobody:secret@example.com:99999/',
  `https://example.com/${'x'.repeat(10_000)}`,
  'ftp://example.com/a.txt',
  'file:///etc/passwd',
  `file:${'0'.repeat(64)}`,
  '/files/nobody',
  'javascript:alert(1)',
  'data:',
  'data:text/plain',
  'data:,',
  'data:text/plain;base64,',
  'data:text/plain;base64,a',
  'data:text/plain;base64,a b',
  'data:text/plain;base64,//79',
  'data:text/plain,%',
  'data:text/plain,%ff',
  `data:${'x'.repeat(10_000)},a`,
  ...malformedTexts,
]

const tooLargeFiles = [
  `data:,${'x'.repeat(1024 * 1024 + 1)}`,
  `data:text/plain;base64,${Buffer.alloc(1024 * 1024 + 1, 'x').toString('base64')}`,
]

/** Lists whose cursors are numbers. */
const numericCursorFields = new Set(['Session.messages', 'Job.runs'])

/** Values of the right type that are invalid. Every position with a text, an id or a number needs a rule. */
function listWrongValues({ name, field, kind, path, type }: InputPosition, known: KnownIds): BadValue[] {
  const typeName = getNamedType(type).name
  switch (`${path.at(-1)}: ${typeName}`) {
    case 'first: Int':
    case 'last: Int':
      return [0, -1, field === 'Query.schedulePreview' ? 101 : 1001, 2 ** 31 - 1, -(2 ** 31)].map(badInputValue)
    case 'repeatLimit: Int':
      return [...(isUpdate(field) ? [] : [0]), -1, -(2 ** 31)].map(badInputValue)
    case 'skip: Int':
    case 'after: Int':
      return [-1, -(2 ** 31)].map(badInputValue)
    case 'after: String':
    case 'before: String':
      return [...cursors, ...listForeignCursors(field, known)].map(badInputValue)
    case 'query: String':
      return ['', ' ', '"', '!?', '*', 'zzz', '"zzz', 'zzz AND (', 'Hello zzz', 'z'.repeat(10_000), '\0', '\ud800'].map(
        noMatchValue,
      )
    case 'profile: String':
      return badProfiles.map(badInputValue)
    case 'model: String':
      return [...modelIds, ...malformedTexts].filter((value) => value !== '' || !isUpdate(field)).map(badInputValue)
    case 'title: String':
      return [...(isUpdate(field) ? [] : ['']), ' ', '\n\t', '\0', 'x'.repeat(201)].map(badInputValue)
    case 'key: String':
      // Any text may be a key.
      if (kind === 'query') return ['', 'nobody', '\0', '\ud800', 'x'.repeat(201)].map(noMatchValue)
      return ['', 'x'.repeat(201), 'key \ud800', '\udc00'].map(badInputValue)
    case 'text: String':
      return [
        ...['', ' ', '\n\t', '\u00a0\u2003'].map(badInputValue),
        { value: 'x'.repeat(1_000_001), outcome: 'TOO_LARGE' },
      ]
    case 'answer: String':
      return ['', ' ', '\n\t', 'x'.repeat(100_001)].map(badInputValue)
    case 'reason: String':
      return ['x'.repeat(10_001)].map(badInputValue)
    case 'values: JSON':
      return [{}, { color: 'red' }, 'text', 1, true, []].map(badInputValue)
    case 'decline: Boolean':
      // Exactly one of decline and answer is given.
      return [badInputValue(true)]
    case 'arguments: JSON':
      return ['text', '', 1, false, [], [{}]].map(badInputValue)
    case 'pattern: JSON':
      // The decision that it is sent with is ONCE, which takes no pattern.
      return ['text', '', 1, true, [], {}, { path: 'notes/*' }].map(badInputValue)
    case 'tool: String':
      // Any name may be the name of a tool.
      return []
    case 'files: FileInput':
      return [badInputValue(Array.from({ length: 21 }, () => file))]
    case 'name: String':
      if (isJobField(field)) return jobNames.map(badInputValue)
      return kind !== 'query' && ['input', 'files'].includes(String(path[0]))
        ? fileNames.map(badInputValue)
        : listBadProfiles(field)
    case 'effort: String':
      return ['', 'extreme', 'HIGH', 'none', ' low', ...malformedTexts]
        .filter((value) => value !== '' || !isUpdate(field))
        .map(badInputValue)
    case 'instructions: String':
      return [{ value: 'x'.repeat(65_537), outcome: 'TOO_LARGE' }]
    case 'prompt: String':
      return [
        ...['', ' ', '\n\t', '\u00a0\u2003'].map(badInputValue),
        { value: 'x'.repeat(1_000_001), outcome: 'TOO_LARGE' },
      ]
    case 'schedule: String':
      return schedules.map(badInputValue)
    case 'timezone: String':
      return timezones.filter((value) => value !== '' || !isUpdate(field)).map(badInputValue)
    case 'mediaType: String':
      return mediaTypes.map(badInputValue)
    case 'url: String':
      return [
        ...fileUrls.map(badInputValue),
        ...tooLargeFiles.map((value) => ({ value, outcome: 'TOO_LARGE' as const })),
      ]
    case 'ids: ID':
      return [
        badInputValue(Array.from({ length: 1001 }, (_, index) => `${index}`)),
        ...(kind === 'mutation'
          ? listUnknownSessions(known).map(({ value, outcome }) => ({ value: [known.spareId, value], outcome }))
          : [{ value: unknownIds, outcome: 'nothing' as const }]),
        { value: [], outcome: 'nothing' },
      ]
    case 'around: ID':
      return listUnknownIds(known.messageId, 'BAD_USER_INPUT')
    case 'continues: ID':
      return listUnknownIds(known.sessionId, 'BAD_USER_INPUT')
    case 'id: ID':
      return listUnknownIdsForField(field, known)
    case 'conversationId: ID':
      return listUnknownIds(`cnv_${known.sessionId}`, 'NOT_FOUND')
    case 'sessionId: ID':
      return listUnknownIds(known.sessionId, 'NOT_FOUND')
    case 'messageId: ID':
      return listUnknownIds(known.messageId, 'NOT_FOUND')
    case 'jobId: ID':
      return [...listUnknownIds(known.jobId, 'NOT_FOUND'), { value: known.runId, outcome: 'NOT_FOUND' }]
    case 'before: ID':
      return listUnknownIds(known.streamId, 'NOT_FOUND')
    case 'streamId: ID':
      return listUnknownIds(known.streamId, 'NOT_FOUND')
    default:
      if (['String', 'ID', 'Int', 'JSON'].includes(typeName))
        throw new Error(`There are no invalid values for ${name}. Add some.`)
      return []
  }
}

const isJobField = (field: string): boolean => field.endsWith('Job')

/** An empty text takes away what an update may take away, 0 a limit. */
const isUpdate = (field: string): boolean => field.startsWith('Mutation.update')

/** Ids that a field named `id` does not find: unknown ids, and ids of other types. */
function listUnknownIdsForField(field: string, known: KnownIds): BadValue[] {
  const { sessionId, streamId, messageId, approvalId, clarificationId } = known
  const withOutcome = (ids: readonly string[], outcome: ExpectedOutcome) => ids.map((value) => ({ value, outcome }))
  switch (field) {
    case 'Query.node':
      return listUnknownIds(sessionId, 'nothing')
    case 'Query.session':
      return [...listUnknownIds(sessionId, 'nothing'), ...withOutcome([streamId, messageId, approvalId], 'nothing')]
    case 'Query.conversation':
      return [...listUnknownIds(`cnv_${sessionId}`, 'nothing'), ...withOutcome([sessionId, messageId], 'nothing')]
    case 'Query.job':
      return [...listUnknownIds(known.jobId, 'nothing'), ...withOutcome([known.runId, sessionId], 'nothing')]
    case 'Query.message':
      return [...listUnknownIds(messageId, 'nothing'), ...withOutcome([sessionId, streamId, approvalId], 'nothing')]
    case 'Query.stream':
      return [...listUnknownIds(streamId, 'nothing'), ...withOutcome([sessionId, messageId, approvalId], 'nothing')]
    case 'Mutation.deleteConversation':
    case 'Mutation.updateConversation':
      return [...listUnknownIds(`cnv_${sessionId}`, 'NOT_FOUND'), ...withOutcome([sessionId, streamId], 'NOT_FOUND')]
    case 'Mutation.compactSession':
    case 'Mutation.deleteSession':
    case 'Mutation.updateSession':
      return listUnknownSessions(known)
    case 'Mutation.answerApproval':
      return [...listUnknownIds(approvalId, 'NOT_FOUND'), ...withOutcome([clarificationId, streamId], 'NOT_FOUND')]
    case 'Mutation.answerClarification':
      return [...listUnknownIds(clarificationId, 'NOT_FOUND'), ...withOutcome([approvalId, streamId], 'NOT_FOUND')]
    case 'Mutation.forgetApproval':
      // A tool is named as well: exactly one of the two is given.
      return ['', 'rul_00000000000000000000000000', approvalId].map(badInputValue)
    case 'Mutation.deleteJob':
    case 'Mutation.runJob':
    case 'Mutation.updateJob':
      return [...listUnknownIds(known.jobId, 'NOT_FOUND'), ...withOutcome([known.runId, sessionId], 'NOT_FOUND')]
    default:
      throw new Error(`There are no unknown ids for ${field}. Add some.`)
  }
}

function listUnknownSessions({ sessionId, streamId, messageId }: KnownIds): BadValue[] {
  const otherKinds = [streamId, messageId].map((value) => ({ value, outcome: 'NOT_FOUND' as const }))
  return [...listUnknownIds(sessionId, 'NOT_FOUND'), ...otherKinds]
}

/** Invalid names of profiles, and valid names that a field refuses. */
function listBadProfiles(field: string): BadValue[] {
  const names = badProfiles.map(badInputValue)
  switch (field) {
    case 'Query.profile':
      return names
    case 'Mutation.createProfile':
      return [...names, ...['default', 'spare'].map(badInputValue)]
    case 'Mutation.deleteProfile':
      return [...names, badInputValue('default'), { value: 'nobody', outcome: 'NOT_FOUND' }]
    default:
      throw new Error(`There are no invalid profiles for ${field}. Add some.`)
  }
}

/** Cursors of other lists. */
function listForeignCursors(field: string, { sessionCursor, messageCursor }: KnownIds): string[] {
  if (numericCursorFields.has(field)) return [sessionCursor]
  return field === 'Query.conversations' ? [sessionCursor, messageCursor] : [messageCursor]
}

/** Unknown ids, including almost valid ones. */
function listUnknownIds(id: string, outcome: ExpectedOutcome): BadValue[] {
  const near = [`${id}\n`, `${id}\0`, ` ${id}`, id.toUpperCase(), id.slice(0, -1), `${id}:1`]
  return [...unknownIds, ...near].map((value) => ({ value, outcome }))
}
