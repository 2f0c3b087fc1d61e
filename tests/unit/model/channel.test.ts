import { expect, test } from 'vitest'
import { classifySourceChannel } from '../../../src/model/channel.ts'

test.each([
  ['segue', 'SEGUE'],
  ['webui', 'WEB'],
  ['cli', 'CLI'],
  ['acp', 'CLI'],
  ['telegram', 'MESSAGING'],
  ['wecom_callback', 'MESSAGING'],
  ['homeassistant', 'MESSAGING'],
  ['msgraph_webhook', 'MESSAGING'],
  ['relay', 'MESSAGING'],
  ['api_server', 'API'],
  ['webhook', 'API'],
  ['cron', 'CRON'],
  ['subagent', 'TOOL'],
  ['oneshot', 'TOOL'],
  ['unknown', 'OTHER'],
  ['local', 'OTHER'],
  ['a platform of a plugin', 'OTHER'],
  ['constructor', 'OTHER'],
])('sessions from the source %s belong to the channel %s', (source, channel) => {
  expect(classifySourceChannel(source)).toBe(channel)
})
