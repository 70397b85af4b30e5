import {UsageError} from '../errors.js'

/** `scheme://host[:port]` of a server address; `UsageError` when it is not one. */
export function originOf(server: string): string {
  const url = URL.canParse(server) ? new URL(server) : undefined
  if (!url || !['http:', 'https:'].includes(url.protocol) || url.username || url.password)
    throw new UsageError(`"${server}" is not a server address.`, {
      code: 'bad_server_url',
      hint: 'Give a full address such as https://agnes.example.com.',
    })
  return url.origin
}

/** The same, `undefined` for what is no address. */
export function originIfValid(server: string | null | undefined): string | undefined {
  return server && URL.canParse(server) ? new URL(server).origin : undefined
}
