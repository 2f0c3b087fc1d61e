import type { ToolCall } from '../../model/message.ts'
import { parseToolCallArguments } from '../../model/tool-call.ts'
import { schemaBuilder } from '../schema-builder.ts'
import { ToolCallStateEnum } from './chat-enums.ts'
import { toToolResultUrl } from './file-url.ts'

export const ToolCallType = schemaBuilder.objectRef<ToolCall>('ToolCall').implement({
  description: 'A call of a tool by the model.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'A unique id that Segue assigned.' }),
    providerId: t.exposeString('providerId', {
      nullable: true,
      description: 'The id that the model assigned. It may not be unique. Null until the call is complete.',
    }),
    name: t.exposeString('name', { description: 'The name of the tool, as the model wrote it.' }),
    argumentsText: t.exposeString('argumentsText', {
      description: 'The arguments received so far, as JSON text. Incomplete while `state` is STREAMING.',
    }),
    arguments: t.field({
      type: 'JSON',
      nullable: true,
      description: 'The arguments as a value. Null until they are complete, and if they are not valid JSON.',
      resolve: parseToolCallArguments,
    }),
    state: t.expose('state', { type: ToolCallStateEnum, description: 'The progress of the call.' }),
    result: t.expose('result', {
      type: 'JSON',
      nullable: true,
      description:
        'The result that the model receives. A very long result is cut, with a note at its end; see `resultUrl`. Null if there is none.',
    }),
    resultUrl: t.string({
      nullable: true,
      description: 'The path on this server where the complete result can be read, if `result` is cut. Null otherwise.',
      resolve: ({ resultFile }) => (resultFile === undefined ? null : toToolResultUrl(resultFile)),
    }),
    error: t.exposeString('error', {
      nullable: true,
      description: 'The reason why the call failed, as a sentence. Null if it did not fail.',
    }),
    startedAt: t.expose('startedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'The time at which the tool started to run. Null if it has not.',
    }),
    finishedAt: t.expose('finishedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'The time at which the call reached its final state. Null before.',
    }),
  }),
})
