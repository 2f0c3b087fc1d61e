import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as pause } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { newTempFolder } from '../../support/server/segue.ts'
import { startServerProcess } from '../../support/server/server-process.ts'
import { findUnusedUrl } from '../../support/server/small-server.ts'
import { connectOverTls, sendOverTls, tlsFiles, tlsHost } from '../../support/server/tls-client.ts'

const deployFolder = new URL('../../../deploy/', import.meta.url).pathname
const token = 'a-token-for-tests-of-proxies'
const authorization = `Bearer ${token}`

interface ProxyDefinition {
  readonly name: string
  readonly program: string
  /** Writes the documented configuration for another host, port and certificate. Returns the arguments of the program. */
  configure(folder: string, ports: { readonly proxy: number; readonly segue: number }): readonly string[]
}

/** Replaces texts of a documented file, each of which it must contain. */
function adapt(file: string, replacements: readonly (readonly [from: string, to: string])[]): string {
  let content = readFileSync(join(deployFolder, file), 'utf8')
  for (const [from, to] of replacements) {
    expect(content).toContain(from)
    content = content.replaceAll(from, to)
  }
  return content
}

const proxies: readonly ProxyDefinition[] = [
  {
    name: 'nginx',
    program: '/usr/sbin/nginx',
    configure(folder, ports) {
      const site = adapt('nginx.conf', [
        ['listen 443 ssl;', `listen 127.0.0.1:${ports.proxy} ssl;`],
        ['listen [::]:443 ssl;', ''],
        ['chat.example.com;', `${tlsHost};`],
        ['/etc/letsencrypt/live/chat.example.com/fullchain.pem', tlsFiles.certificate],
        ['/etc/letsencrypt/live/chat.example.com/privkey.pem', tlsFiles.key],
        ['127.0.0.1:4000', `127.0.0.1:${ports.segue}`],
      ])
      const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
        (kind) => `${kind}_temp_path ${join(folder, kind)};`,
      )
      const http = `access_log off; ${paths.join(' ')}\n${site}`
      const user = process.getuid?.() === 0 ? 'user root;' : ''
      const main = `daemon off; master_process off; ${user} pid ${join(folder, 'pid')}; error_log stderr; events {}`
      writeFileSync(join(folder, 'nginx.conf'), `${main}\nhttp { ${http} }`)
      return ['-p', folder, '-e', 'stderr', '-c', join(folder, 'nginx.conf')]
    },
  },
  {
    name: 'Caddy',
    program: '/usr/bin/caddy',
    configure(folder, ports) {
      const site = adapt('Caddyfile', [
        ['chat.example.com {', `https://${tlsHost}:${ports.proxy} {\n tls ${tlsFiles.certificate} ${tlsFiles.key}\n`],
        ['127.0.0.1:4000', `127.0.0.1:${ports.segue}`],
      ])
      const options = `{\n admin off\n auto_https disable_redirects\n storage file_system ${folder}\n}`
      writeFileSync(join(folder, 'Caddyfile'), `${options}\n${site}`)
      return ['run', '--config', join(folder, 'Caddyfile'), '--adapter', 'caddyfile']
    },
  },
]

test('the page on deployment shows the Caddyfile as it is', () => {
  const [shown] =
    /^```caddyfile\n([^]*?)^```$/m.exec(readFileSync(join(deployFolder, '../docs/deploy.md'), 'utf8'))?.slice(1) ?? []
  const withoutComments = readFileSync(join(deployFolder, 'Caddyfile'), 'utf8').replaceAll(/^\s*#.*\n/gm, '')
  expect(shown).toBe(withoutComments)
})

const isInstalled = ({ program }: ProxyDefinition): boolean => spawnSync(program, ['version']).error === undefined

test.for(proxies.filter((proxy) => !isInstalled(proxy)))('$name is installed for its test', ({ name }, { skip }) => {
  if (!process.env['CI']) skip()
  expect.fail(`${name} is not installed: apt-get install nginx caddy.`)
})

async function startProxy({ program, configure }: ProxyDefinition, segueUrl: string) {
  const folder = newTempFolder()
  const port = Number(new URL(await findUnusedUrl()).port)
  const args = configure(folder, { proxy: port, segue: Number(new URL(segueUrl).port) })
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, HOME: folder } })
  let log = ''
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (log += chunk))
  while (!(await canConnect(port))) {
    if (child.exitCode !== null) throw new Error(`${program} has ended:\n${log}`)
    await pause(20)
  }
  return {
    port,
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null) return
      child.kill('SIGKILL')
      await once(child, 'exit')
    },
  }
}

async function canConnect(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

/** Waits for a person until it is answered, so that its events come before it has ended. */
const waitingChat = `subscription { streamChat(input: { text: "/tool roll_dice {\\"count\\": 2}" }) {
  __typename streamId } }`

for (const proxy of proxies.filter(isInstalled)) {
  test(`the documented configuration of ${proxy.name} serves requests, events and sockets with TLS`, async () => {
    const argv = ['--port', '0', '--home', newTempFolder(), '--no-hermes', '--offline-delay', '0']
    await using segue = await startServerProcess({
      argv: [...argv, '--trust-proxy', '--public-host', tlsHost],
      env: { SEGUE_TOKEN: token },
    })
    await using started = await startProxy(proxy, segue.url)
    const { port } = started

    const query = JSON.stringify({ query: '{ __typename }' })
    const refused = await sendOverTls(port, { body: query })
    expect(refused.statusCode).toBe(401)
    refused.resume()
    const answered = await sendOverTls(port, { body: query, headers: { authorization } })
    expect(await text(answered)).toBe('{"data":{"__typename":"Query"}}')

    // Segue's own limit of a body applies, not the proxy's.
    const large = JSON.stringify({ query: '{ __typename }', extensions: { filler: 'x'.repeat(8 * 1024 * 1024) } })
    expect((await sendOverTls(port, { body: large, headers: { authorization } })).statusCode).toBe(200)

    // The answer waits for a person: what arrives was not held back until its end.
    const events = await sendOverTls(port, {
      body: JSON.stringify({ query: waitingChat }),
      headers: { authorization, accept: 'text/event-stream' },
    })
    let received = ''
    for await (const chunk of events) {
      received += String(chunk)
      if (received.includes('ApprovalChanged')) break
    }
    expect(received).toMatch(/StreamStarted[^]*ApprovalChanged/)
    expect(received).not.toContain('StreamFinished')

    const client = connectOverTls(port, { token })
    const types: unknown[] = []
    for await (const { data } of client.iterate<{ streamChat: { __typename: string } }>({ query: waitingChat })) {
      types.push(data?.streamChat.__typename)
      if (types.at(-1) === 'ApprovalChanged') break
    }
    expect(types[0]).toBe('StreamStarted')
    await client.dispose()
  })
}
