import { expect, test } from 'vitest'
import { listPartSteps } from '../../../../src/model/fold/list-part-steps.ts'
import type { MessagePart } from '../../../../src/model/message.ts'
import { createToolCall } from '../../../../src/model/tool-call.ts'

const text: MessagePart = { type: 'text', text: 'Hello' }
const tool: MessagePart = { type: 'tool', call: createToolCall('c', 'look') }

test('the steps of parts are those that were recorded', () => {
  expect(
    listPartSteps([
      { ...tool, step: 0 },
      { ...tool, step: 1 },
      { ...text, step: 1 },
      { ...text, step: 2 },
    ]),
  ).toEqual([0, 1, 1, 2])
})

test('steps that were not recorded are counted by the tool calls', () => {
  expect(listPartSteps([])).toEqual([])
  expect(listPartSteps([text, tool, tool, text, text, tool, text])).toEqual([0, 0, 0, 1, 1, 1, 2])
})
