// npm test [-- ROOM ...] [vitest options]: builds what has changed, then runs all tests, or those of rooms (`graph`),
// of packages (`cli`, `paper`) or of files (`graph/ops`).

import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

const packages = { toll: 'packages/toll', cli: 'packages/cli', paper: 'paper', docs: 'test' }
const folders = Object.values(packages)

/** Where the compiled tests of a room or a package are; other words are left to vitest. */
function placesOf(word) {
  if (packages[word]) return [`${packages[word]}/dist/`]
  const rooms = folders.map((folder) => join(folder, 'dist', word)).filter((folder) => existsSync(folder))
  return rooms.length > 0 ? rooms.map((folder) => `${folder}/`) : [word]
}

const run = (command, args) => {
  const { status } = spawnSync(command, args, { stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
}

const given = process.argv.slice(2)
const options = given.filter((word) => word.startsWith('-'))
const words = given.filter((word) => !word.startsWith('-'))
run('npm', ['run', '--silent', 'build'])
const places = words.flatMap(placesOf)
if (words.length > 0 && !words.some((word) => placesOf(word)[0] !== word || isInside(word))) {
  console.error(`no room, package or test is called '${words.join(' ')}'`)
  process.exit(2)
}
run('npx', ['vitest', 'run', ...options, ...places])

function isInside(word) {
  return folders.some((folder) =>
    readdirSync(join(folder, 'dist'), { recursive: true, encoding: 'utf8' }).some(
      (name) => name.endsWith('.test.js') && name.includes(word),
    ),
  )
}
