import { describe, expect, test } from 'vitest'
import { helpText, isHelpRequested } from '../../../../src/config/command-line/help.ts'
import { formatDefault } from '../../../../src/config/setting-definition.ts'
import { allSettings } from '../../../../src/config/setting-definitions.ts'

describe('the help', () => {
  test('lists every flag, variable, key and default', () => {
    for (const definition of allSettings) {
      const { flag, env, key } = definition
      if (flag !== null) expect(helpText).toContain(`--${flag}`)
      if (env !== null) expect(helpText).toContain(env)
      if (key !== null) expect(helpText).toContain(`"${key}"`)
      expect(helpText).toContain(`Default: ${formatDefault(definition)}.`)
    }
  })

  test('is requested by --help and -h', () => {
    expect(isHelpRequested(['--port', '1', '--help'])).toBe(true)
    expect(isHelpRequested(['-h'])).toBe(true)
    expect(isHelpRequested(['--port', '1'])).toBe(false)
  })
})
