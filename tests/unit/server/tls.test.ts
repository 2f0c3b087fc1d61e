import { once } from 'node:events'
import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect, type PeerCertificate } from 'node:tls'
import { generate } from 'selfsigned'
import { expect, test } from 'vitest'
import { newTestToken } from '../../support/config/test-token.ts'
import { newHome, startTestSegue } from '../../support/server/segue.ts'

const token = newTestToken('phone', 'USER', ['default'])

async function writeCertificate(folder: string, name: string) {
  const { cert, private: key } = await generate([{ name: 'commonName', value: name }], { keyType: 'ec' })
  const files = { certificate: join(folder, 'cert.pem'), key: join(folder, 'key.pem') }
  for (const [path, content] of [
    [files.key, key],
    [files.certificate, cert],
  ] as const) {
    writeFileSync(`${path}.new`, content)
    renameSync(`${path}.new`, path)
  }
  return { files, cert }
}

/** The name in the certificate that the server shows. */
async function readCertificateName(url: string): Promise<PeerCertificate['subject']['CN']> {
  const { hostname, port } = new URL(url)
  const socket = connect({ host: hostname, port: Number(port), rejectUnauthorized: false })
  await once(socket, 'secureConnect')
  const { subject } = socket.getPeerCertificate()
  socket.destroy()
  return subject.CN
}

test('with a certificate the server speaks HTTPS, and takes a renewed one without a restart', async () => {
  const home = newHome()
  const { files } = await writeCertificate(home, 'first.example')
  await using segue = await startTestSegue({ settings: { home, tls: files, tokens: [token] } })
  expect(segue.url).toMatch(/^https:/)
  expect(await readCertificateName(segue.url)).toBe('first.example')
  await writeCertificate(home, 'second.example')
  await expect.poll(() => readCertificateName(segue.url), { interval: 100 }).toBe('second.example')
})

test('a certificate that cannot be used leaves the previous one in effect', async () => {
  const home = newHome()
  const { files } = await writeCertificate(home, 'first.example')
  await using segue = await startTestSegue({ settings: { home, tls: files, tokens: [token] } })
  writeFileSync(files.certificate, 'no certificate')
  await expect.poll(() => segue.warnings.join()).toContain('the previous one stays in effect')
  expect(await readCertificateName(segue.url)).toBe('first.example')
})

test('the server does not start with a key of another certificate, and says so in one sentence', async () => {
  const [home, other] = [newHome(), newHome()]
  const { files } = await writeCertificate(home, 'first.example')
  const { files: otherFiles } = await writeCertificate(other, 'second.example')
  const start = (tls: typeof files) => startTestSegue({ settings: { home, tls, tokens: [token] } })
  await expect(start({ ...files, key: otherFiles.key })).rejects.toThrow(
    'must be a certificate and its own private key',
  )
  await expect(start({ ...files, key: join(home, 'missing') })).rejects.toThrow('cannot be read')
})
