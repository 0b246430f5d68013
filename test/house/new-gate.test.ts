import { describe, expect, it } from 'vitest'
import { complaintAbout, fillIn } from '../../scripts/new-gate/write.mjs'

const rooms = ['foundation', 'traffic']
const existing = [
  { folder: 'packages/traffic/user-rate-limit', manifest: { name: '@portcullis/user-rate-limit' } },
]

describe('a new gate', () => {
  it('needs a room of the house and a name of its own', () => {
    expect(complaintAbout({ room: 'traffic', name: 'slow-client2' }, rooms, existing)).toBeUndefined()
    expect(complaintAbout({ room: 'tools', name: 'spade' }, rooms, existing)).toMatch(/"tools" is not a room/)
    expect(complaintAbout({ room: 'foundation', name: 'user-rate-limit' }, rooms, existing)).toMatch(
      /there already/,
    )
  })

  it.for(['', 'Slow', 'slow_client', '../slow', 'slow-', '-slow', 'slow--client', '1slow'])(
    'is not named "%s"',
    (name) => {
      expect(complaintAbout({ room: 'traffic', name }, rooms, existing)).toMatch(/is not a name/)
    },
  )

  it('has its names filled in wherever the template has them', () => {
    expect(fillIn('{{name}} {{camel}} {{Pascal}} {{name}}', 'slow-client2')).toBe(
      'slow-client2 slowClient2 SlowClient2 slow-client2',
    )
  })
})
