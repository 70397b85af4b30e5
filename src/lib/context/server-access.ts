import {hostname} from 'node:os'
import {join} from 'node:path'
import {certificateFiles} from '../config/servers.js'
import {expiryNotice} from '../credentials/expiry-notice.js'
import {openStoredAccess, type AccessSurroundings} from './stored-access.js'

/** Which server is meant, which token it gets, and how it is reached. */
export function openServerAccess({
  openBrowser,
  ...surroundings
}: AccessSurroundings & {openBrowser?: (url: string) => Promise<boolean>}) {
  const {secrets: givenSecrets, env, clock, config, version} = surroundings
  let preferred: string | undefined
  let onNotice: ((message: string) => void) | undefined
  const {keychain, secrets, serverOrigin, tokenFor, probe} = openStoredAccess(
    surroundings,
    () => preferred,
  )
  const httpWithToken = async (origin: string, token: string | undefined) => {
    const {openHttpClient} = await import('../adapters/open-http-client.js')
    const userAgent = `agnes-cli/${version()}`
    return openHttpClient({origin, token, userAgent}, {env, config})
  }
  return {
    secrets,
    serverOrigin,
    probe,
    async signInStores() {
      const {openFileStore} = await import('../adapters/open-secret-stores.js')
      const {FileLock} = await import('../adapters/file-lock.js')
      const lockAt = (root: string, path: string) => new FileLock(join(root, path), clock)
      return {config, lockAt, keychain, file: givenSecrets ?? openFileStore(config, clock)}
    },
    tellNotices: (tell: typeof onNotice) => void (onNotice = tell),
    preferServer: (nameOrUrl: string | undefined) => void (preferred = nameOrUrl),
    async http(origin: string) {
      const token = await tokenFor(origin)
      if (onNotice) await expiryNotice({env, clock, config, token, origin}, onNotice)
      return httpWithToken(origin, token)
    },
    httpWithToken,
    async trustedCertificates(origin: string) {
      const files = origin.startsWith('https:') ? await certificateFiles(config, origin) : []
      if (files.length === 0 && env.extraCaCerts === undefined) return undefined
      const {trustedCertificates} = await import('../adapters/http-transport.js')
      return trustedCertificates(files, env.extraCaCerts)
    },
    computerName: () => hostname(),
    async listenForCallback(state: string) {
      const {listenForCallback} = await import('../adapters/loopback-callback.js')
      return listenForCallback(state)
    },
    async openBrowser(url: string) {
      return (openBrowser ?? (await import('../adapters/browser.js')).openBrowser)(url)
    },
  }
}
