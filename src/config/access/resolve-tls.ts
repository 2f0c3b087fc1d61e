import { resolvePath } from '../resolve-path.ts'
import { settingDefinitions as definitions } from '../setting-definitions.ts'
import type { SettingsReader } from '../settings-reader.ts'

/** Where the certificate of the server is. Paths are absolute. */
export interface TlsFiles {
  /** The certificate with its chain, in PEM. */
  readonly certificate: string
  /** Its private key, in PEM. */
  readonly key: string
}

/** What relative paths and `~` refer to. */
export interface ConfigFolders {
  readonly home: string
  readonly homedir: string
}

/** Null: the server speaks plain HTTP. Reports a problem if only one of the files is given. */
export function resolveTls(reader: SettingsReader, { home, homedir }: ConfigFolders): TlsFiles | null {
  const certificate = reader.read(definitions.tlsCertificate)
  const key = reader.read(definitions.tlsKey)
  if (certificate.value === null && key.value === null) return null
  if (certificate.value === null || key.value === null) {
    const { label } = certificate.value === null ? key.source : certificate.source
    reader.report({ problems: [`${label}: TLS needs both a certificate and its key: --tls-cert and --tls-key.`] })
    return null
  }
  const resolve = ({ source, value }: { source: typeof key.source; value: string }): string =>
    resolvePath(source.kind === 'file' ? home : '', value, homedir)
  return {
    certificate: resolve({ ...certificate, value: certificate.value }),
    key: resolve({ ...key, value: key.value }),
  }
}
