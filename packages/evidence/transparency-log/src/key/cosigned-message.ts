/** What a witness signs: the time and the whole text of the checkpoint (C2SP tlog-cosignature, v1). */
export function cosignedMessage(seconds: number, text: string): Buffer {
  return Buffer.from(`cosignature/v1\ntime ${seconds}\n${text}`)
}
