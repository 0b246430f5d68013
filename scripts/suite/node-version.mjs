/** Stops with one clear line where Node is older than the product supports. Imported for its effect, first. */
const oldest = { major: 20, minor: 19 }
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)

if (major < oldest.major || (major === oldest.major && minor < oldest.minor)) {
  console.error(
    `Portcullis needs Node ${oldest.major}.${oldest.minor} or newer; this is ${process.versions.node}.`,
  )
  process.exit(1)
}
