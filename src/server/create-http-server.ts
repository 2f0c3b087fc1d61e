import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerOptions } from 'node:http'
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https'
import { createSecureContext } from 'node:tls'
import { isDeepStrictEqual } from 'node:util'
import type { TlsFiles } from '../config/access/resolve-tls.ts'
import { SettingsError } from '../config/settings-error.ts'
import { FileWatcher } from '../lib/files/file-watcher.ts'
import type { Logger } from '../lib/logger.ts'

/**
 * Other protocols, such as `h2c`, which Java's HTTP client offers with every first request, are ignored, so that the request is
 * answered over HTTP/1.1. A Node before 22.21 does not know this option, and refuses such a request.
 */
const serverOptions: ServerOptions & { readonly shouldUpgradeCallback: (request: IncomingMessage) => boolean } = {
  shouldUpgradeCallback: ({ headers }) => headers.upgrade?.toLowerCase() === 'websocket',
}

/** A server for HTTP, or for HTTPS with a certificate that is renewed while it runs. Closing it ends that. */
export function createHttpServer(tls: TlsFiles | null, log: Logger, onRequest: RequestListener): Server | TlsServer {
  if (tls === null) return createServer(serverOptions, onRequest)
  let loaded = loadCertificate(tls)
  const server = createTlsServer({ ...serverOptions, ...loaded }, onRequest)
  const renew = (): void => {
    try {
      const next = loadCertificate(tls)
      // The watcher may call for a file that is the same.
      if (isDeepStrictEqual(next, loaded)) return
      server.setSecureContext(next)
      loaded = next
      log.info({}, 'The TLS certificate was loaded again.')
    } catch (error) {
      // A renewal may have written only one of the files yet. The other one follows, and is noticed too.
      log.warn({ err: error }, 'The new TLS certificate cannot be used, so the previous one stays in effect.')
    }
  }
  const watchers = Object.values(tls).map((path: string) => new FileWatcher({ path, onChange: renew }))
  server.once('close', () => {
    for (const watcher of watchers) watcher[Symbol.dispose]()
  })
  return server
}

/** Throws a SettingsError for files that are missing, no PEM, or do not belong together. */
function loadCertificate({ certificate, key }: TlsFiles): { readonly cert: Buffer; readonly key: Buffer } {
  const context = { cert: readTlsFile('--tls-cert', certificate), key: readTlsFile('--tls-key', key) }
  try {
    createSecureContext(context)
  } catch {
    throw new SettingsError([
      `--tls-cert, --tls-key: ${certificate} and ${key} must be a certificate and its own private key, both in PEM and without a passphrase.`,
    ])
  }
  return context
}

function readTlsFile(flag: string, path: string): Buffer {
  try {
    return readFileSync(path)
  } catch {
    throw new SettingsError([`${flag}: ${path} cannot be read. Name a file in PEM that this user may read.`])
  }
}
