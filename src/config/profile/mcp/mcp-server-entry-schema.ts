import { z } from 'zod'
import { booleanSchema, createPatternSchema, isZodObjectPayload } from '../../value-schemas.ts'
import { normalizeMcpServerEntry } from './normalize-mcp-server-entry.ts'

/** A text, which may be written as a number or a boolean. `expected` completes the sentence "Must be …". */
function createScalarSchema(expected: string, pattern: RegExp) {
  return z
    .union([z.string(), z.number(), z.boolean()], { error: `Must be ${expected}.` })
    .transform(String)
    .pipe(createPatternSchema(expected, pattern))
}

const textSchema = createScalarSchema('a string', /^[^\0]*$/)
// RFC 9110: the characters of field names and field values.
const headerNamePattern = /^[\w!#$%&'*+.^`|~-]+$/
const headerValueSchema = createScalarSchema('a valid header value', /^[\t\x20-\x7e\x80-\xff]*$/)

/** An object of texts. `label` says in messages what its keys are. A value of null removes the key. */
const recordOf = <T extends z.ZodType<string>>(label: string, keyPattern: RegExp, value: T) =>
  z.record(z.string().regex(keyPattern), value.nullable(), {
    error: ({ code }) =>
      code === 'invalid_key' ? `Invalid ${label} name.` : `Must be an object of ${label}s by name.`,
  })

/** A switch, which may be written as a text. */
const switchSchema = z.preprocess(
  (value) => (value === 'true' ? true : value === 'false' ? false : value),
  booleanSchema,
)

/** Patterns of tool names. `true` stands for all tools. */
const toolPatternsSchema = z.preprocess(
  (value) => (value === true ? ['*'] : value === false ? [] : typeof value === 'string' ? [value] : value),
  z.array(z.string({ error: 'Must be a string.' }), { error: 'Must be a list of tool names or patterns.' }),
)

const startSecondsError = 'Must be a number of seconds greater than 0.'

const entrySchema = z
  .looseObject(
    {
      type: z.enum(['stdio', 'http', 'sse'], { error: 'Must be stdio, http or sse.' }).optional(),
      command: createPatternSchema('the name or the path of a program', /^[^\0]+$/).optional(),
      args: z.array(textSchema, { error: 'Must be a list of strings.' }).optional(),
      env: recordOf('variable', /^[^=\0]+$/, textSchema).optional(),
      cwd: createPatternSchema('a path', /^[^\0]+$/).optional(),
      url: z.string({ error: 'Must be an http or https URL.' }).optional(),
      headers: recordOf('header', headerNamePattern, headerValueSchema).optional(),
      disabled: switchSchema.optional(),
      enabled: switchSchema.optional(),
      startSeconds: z.number({ error: startSecondsError }).positive({ error: startSecondsError }).optional(),
      include: toolPatternsSchema.optional(),
      exclude: toolPatternsSchema.optional(),
      autoApprove: toolPatternsSchema.optional(),
    },
    { error: 'Must be an object with a command or a url.' },
  )
  .refine(({ command, url }) => command !== undefined || url !== undefined, {
    path: ['command'],
    error: 'Missing. Set command, or url for a remote server.',
    when: isZodObjectPayload,
  })
  .refine(({ command, url }) => command === undefined || url === undefined, {
    path: ['url'],
    error: 'Must not be set together with command.',
    when: isZodObjectPayload,
  })
  .refine(({ type, command }) => type === undefined || (type === 'stdio') === (command !== undefined), {
    path: ['type'],
    error: 'Must be stdio with command, http or sse with url.',
    when: isZodObjectPayload,
  })

const normalizeEntry = (value: unknown): unknown =>
  typeof value === 'object' && value !== null ? normalizeMcpServerEntry({ ...value }) : value

const disabledEntrySchema = z.preprocess(
  normalizeEntry,
  z
    .looseObject({ disabled: switchSchema.optional(), enabled: switchSchema.optional() })
    .refine(({ disabled, enabled }) => disabled === true || enabled === false),
)

/** Whether an entry turns its server off. The rest of it need not be valid. */
export function isDisabledMcpServerEntry(entry: unknown): boolean {
  return disabledEntrySchema.safeParse(entry).success
}

/**
 * One entry of `mcpServers` in config.json, before interpolation, in the format of Segue or of another MCP client. Unknown
 * keys are allowed, because other clients have more keys. They cause a warning later.
 */
export const mcpServerEntrySchema = z.preprocess(normalizeEntry, entrySchema)

export type McpServerEntry = z.infer<typeof entrySchema>
