import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { expect, inject, onTestFinished, test } from 'vitest'

const root = join(import.meta.dirname, '..', '..')
const read = (file: string): string => readFileSync(join(root, file), 'utf8')
/** Milliseconds. All packages of the server are installed. */
const timeout = 300_000
/** Nobody. */
const uid = 65_534
const isRoot = process.getuid?.() === 0
const token = 'a-token-for-tests-of-deployment'

/** An empty folder in place of /opt/segue, and one in place of the home, which belongs to the user of the server. */
function newFolders() {
  const folder = mkdtempSync(join(tmpdir(), 'segue-deploy-'))
  chmodSync(folder, 0o755)
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const [program, home] = [join(folder, 'opt'), join(folder, 'home')]
  for (const path of [program, home]) mkdirSync(path)
  if (isRoot) chownSync(home, uid, uid)
  return { program, home }
}

function install(command: string, cwd: string): void {
  const { status, stderr } = spawnSync('bash', ['-euc', command], {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, npm_config_prefer_offline: 'true' },
  })
  expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' })
}

/** Starts a program as another user than root, with this environment only. */
function startAsUser(command: readonly string[], env: NodeJS.ProcessEnv) {
  const [program = '', ...args] = isRoot
    ? ['setpriv', `--reuid=${uid}`, `--regid=${uid}`, '--clear-groups', ...command]
    : command
  const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'], cwd: '/' })
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}

/** Starts the server, expects that it answers those with the token, and stops it. */
async function expectServes(command: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  const child = startAsUser(command, { ...env, SEGUE_TOKEN: token, SEGUE_PORT: '0', SEGUE_HOST: '127.0.0.1' })
  const log = text(child.stderr)
  const exited = once(child, 'exit')
  const [line] = await Promise.race([once(createInterface(child.stdout), 'line'), exited])
  const url = /^Segue is ready: (http:.+)$/.exec(String(line))?.[1]
  if (url === undefined) throw new Error(`The server is not ready:\n${await log}`)
  const body = JSON.stringify({ query: '{ __typename }' })
  const headers = { 'content-type': 'application/json' }
  expect((await fetch(url, { method: 'POST', headers, body })).status).toBe(401)
  const authorized = { ...headers, authorization: `Bearer ${token}` }
  expect((await fetch(url, { method: 'POST', headers: authorized, body })).status).toBe(200)
  expect((await fetch(new URL('/health', url))).status).toBe(200)
  child.kill('SIGTERM')
  expect(await exited).toEqual([0, null])
}

test('the page on deployment installs a server that the unit for systemd starts', { timeout }, async () => {
  const { program, home } = newFolders()
  const command = /^npm install --prefix .*$/m.exec(read('docs/deploy.md'))?.[0] ?? ''
  const tarball = inject('tarballs').server
  install(command.replace('/opt/segue', program).replace('./segue-0.1.0.tgz', tarball), program)

  const unit = read('deploy/segue.service').replaceAll('/opt/segue', program).replaceAll('/var/lib/segue', home)
  const environment = [...unit.matchAll(/^Environment=(\w+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value])
  const [, start = ''] = /^ExecStart=(.*)$/m.exec(unit) ?? []
  await expectServes(start.split(' '), { ...Object.fromEntries(environment), SEGUE_PUBLIC_HOST: 'chat.example.com' })
})

test(
  'the steps of the Dockerfile make a server that does not run as root, and needs a token',
  { timeout },
  async () => {
    const { program, home } = newFolders()
    const dockerfile = read('Dockerfile')
    const command = /^RUN (npm install --prefix .*) \\$/m.exec(dockerfile)?.[1] ?? ''
    expect(command).toMatch(/ \/tmp\/segue\.tgz$/)
    install(command.replace('/opt/segue', program).replace('/tmp/segue.tgz', inject('tarballs').server), program)

    expect(/^USER (.*)$/m.exec(dockerfile)?.[1]).toBe('segue')
    const [, settings = ''] = /^ENV (.*)$/m.exec(dockerfile) ?? []
    const env = Object.fromEntries(
      settings
        .replaceAll('/data', home)
        .split(' ')
        .map((setting) => setting.split('=')),
    )
    const list = (name: string): string[] => JSON.parse(new RegExp(`^${name} (.*)$`, 'm').exec(dockerfile)?.[1] ?? '')
    const start = [...list('ENTRYPOINT'), ...list('CMD')].map((part) => part.replace('/opt/segue', program))
    const node = { ...env, PATH: [join(root, 'node_modules', '.bin'), '/usr/bin', '/bin'].join(':') }

    const refused = startAsUser(start, node)
    expect(await text(refused.stderr)).toMatch(/without a token: create one with segue token <name>/)
    await expectServes(start, node)
  },
)
