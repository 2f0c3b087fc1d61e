import { describe, expect, test } from 'vitest'
import { serverHelpText, isHelpRequested } from '../../../../src/config/command-line/help.ts'
import { formatSettingDefault } from '../../../../src/config/setting-definition.ts'
import { allSettingDefinitions } from '../../../../src/config/setting-definitions.ts'

describe('the help', () => {
  test('lists every flag, variable, key and default', () => {
    for (const definition of allSettingDefinitions) {
      const { flag, env, key } = definition
      if (flag !== null) expect(serverHelpText).toContain(`--${flag}`)
      if (env !== null) expect(serverHelpText).toContain(env)
      if (key !== null) expect(serverHelpText).toContain(`"${key}"`)
      expect(serverHelpText).toContain(`Default: ${formatSettingDefault(definition)}.`)
    }
  })

  test('is requested by --help and -h', () => {
    expect(isHelpRequested(['--port', '1', '--help'])).toBe(true)
    expect(isHelpRequested(['-h'])).toBe(true)
    expect(isHelpRequested(['--port', '1'])).toBe(false)
  })
})
