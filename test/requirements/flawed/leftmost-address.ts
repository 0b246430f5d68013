import type { IncomingHttpHeaders } from 'node:http'

/** The flaw: a client is who it says it is in the first entry of a header that it sends itself. */
export function leftmostAddress(headers: IncomingHttpHeaders, socketAddress: string): string {
  const forwarded = headers['x-forwarded-for']
  return (
    String(forwarded ?? socketAddress)
      .split(',')[0]
      ?.trim() ?? socketAddress
  )
}
