/** Stops with one clear line where Node is older than the product supports. Imported for its effect, first. */
const oldest = [20, 19]
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)

if (major < oldest[0] || (major === oldest[0] && minor < oldest[1])) {
  console.error(`Portcullis needs Node ${oldest.join('.')} or newer; this is Node ${process.versions.node}.`)
  process.exit(1)
}
