/**
 * Where a function of ours was called, such as `/app/routes/orders.js:12:34`. To be asked while it runs, before it waits.
 *
 * @param called the function
 */
export function callSiteOf(called: (...given: never[]) => unknown): string | undefined {
  const holder: { stack?: string } = {}
  // Node leaves out the frames of `called` and of all that it called, however the code was bundled.
  Error.captureStackTrace(holder, called)
  const [, frame] = String(holder.stack).split('\n')
  const site = frame?.trim().replace(/^at /, '')
  return site?.endsWith(')') === true ? site.slice(site.lastIndexOf('(') + 1, -1) : site
}
