import { expect, test } from 'vitest'
import { channelOf, sourcesOf } from '../../src/storage/channel.ts'

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
])('sessions from %s are in the channel %s', (source, channel) => {
  expect(channelOf(source)).toBe(channel)
})

test('the sources of channels are those that are in them, or all but those that are not', () => {
  expect(sourcesOf(['CRON', 'SEGUE'])).toEqual({ sources: ['segue', 'cron'], others: false })
  const { sources, others } = sourcesOf(['CRON', 'OTHER'])
  expect(others).toBe(true)
  expect(sources).toContain('segue')
  expect(sources).not.toContain('cron')
})
