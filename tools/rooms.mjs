// Who may import whom, read from rooms.json: one function for the linter and for the architecture test.

import { readFileSync } from 'node:fs'
import { dirname, relative, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const source = resolve(root, 'src')
const { rooms, packages } = JSON.parse(readFileSync(resolve(root, 'rooms.json'), 'utf8'))

/** The room of a source file, or undefined for the main door. */
export function roomOf(file) {
  const parts = relative(source, file).split(sep)
  return parts.length > 1 && parts[0] !== '..' ? parts[0] : undefined
}

/**
 * Why `file` may not import `specifier`, or undefined. Tests may import any package and any room's door.
 * @param {string} file absolute path below src
 * @param {string} specifier as written
 * @returns {string | undefined}
 */
export function problemOf(file, specifier) {
  const room = roomOf(file)
  if (room === undefined) return undefined
  if (rooms[room] === undefined) return `'${room}' is no room of rooms.json`
  const test = /\.(test|harness)\b.*\.ts$/.test(file)
  const inNode = relative(resolve(source, room), file).startsWith(`node${sep}`)
  if (!specifier.startsWith('.')) {
    if (test) return undefined
    if (specifier.startsWith('node:')) {
      return inNode || room === 'cli' || room === 'server' ? undefined : `what needs Node stands in src/${room}/node`
    }
    const name = specifier.split('/').slice(0, specifier.startsWith('@') ? 2 : 1).join('/')
    const owners = packages[name]
    if (owners === undefined) return `package '${name}' is not in rooms.json`
    return owners.includes(room) ? undefined : `only ${owners.join(', ')} may import '${name}'`
  }
  const target = resolve(dirname(file), specifier)
  const other = roomOf(target)
  if (other === undefined) return target.startsWith(source) ? `rooms do not import the main door` : `'${specifier}' is outside src`
  const within = relative(resolve(source, other), target).split(sep)
  if (other === room) {
    if (within[0] === 'node' && !inNode && !test && room !== 'cli') return `src/${room} runs in a browser and may not import its node folder`
    return undefined
  }
  if (!test && !rooms[room].includes(other)) return `room '${room}' may not import room '${other}'`
  const door = within.join('/')
  if (door === 'index.js') return undefined
  if (door === 'node/index.js') return inNode || test || room === 'cli' || room === 'server' ? undefined : `src/${room} runs in a browser and may not import '${other}/node'`
  return test && /\.harness\.js$/.test(door) ? undefined : `import room '${other}' through its door`
}
