/** Counts what passed and failed, and prints one line for each check. */
export class Report {
  passed = 0
  failed = 0

  /**
   * @param {string} name
   * @param {boolean} ok
   * @param {number} ms
   * @param {string} [details] shown below a failure
   */
  check(name, ok, ms, details = '') {
    if (ok) this.passed += 1
    else this.failed += 1
    console.log(`${ok ? 'passed' : 'FAILED'}  ${name.padEnd(34)} ${seconds(ms)}`)
    if (!ok && details.trim() !== '') console.log(details.trim().replaceAll(/^/gm, '        '))
  }

  /** @param {number} passed @param {number} failed */
  add(passed, failed) {
    this.passed += passed
    this.failed += failed
  }

  /**
   * Prints the last line of a run.
   *
   * @returns {0 | 1} the exit code: 1 when anything failed, or when nothing ran at all
   */
  end() {
    console.log(`${this.passed} passed, ${this.failed} failed`)
    return this.failed > 0 || this.passed === 0 ? 1 : 0
  }
}

/** @param {number} ms */
function seconds(ms) {
  return `${(ms / 1000).toFixed(1).padStart(6)} s`
}
