/** The flaw: whoever is refused is told to wait for a whole window, however much of it has passed. */
export function retryAfterWindow(windowMs: number, _openedAt: number, _now: number): number {
  return Math.ceil(windowMs / 1000)
}
