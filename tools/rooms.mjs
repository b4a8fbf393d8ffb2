// Who may import whom, read from rooms.json: one function for the linter and for the architecture test.

import { readFileSync } from 'node:fs'
import { dirname, relative, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const houses = JSON.parse(readFileSync(resolve(root, 'rooms.json'), 'utf8'))

/** The folders of source code that have rules. */
export const sources = Object.keys(houses).map((house) => resolve(root, house, 'src'))

/** The package of a source file, its folder of sources and its room, which the doors of the package do not have. */
function placeOf(file) {
  const house = Object.keys(houses).find((name) => file.startsWith(resolve(root, name, 'src') + sep))
  if (house === undefined) return undefined
  const source = resolve(root, house, 'src')
  const parts = relative(source, file).split(sep)
  return { house, source, room: parts.length > 1 && parts[0] !== 'doors' ? parts[0] : undefined }
}

/** A switch belongs to one room: in Node to a file of its node folder, elsewhere to one beside it. */
function problemOfSwitch(house, room, specifier) {
  const { imports = {} } = JSON.parse(readFileSync(resolve(root, house, 'package.json'), 'utf8'))
  const targets = imports[specifier]
  if (targets === undefined) return `'${specifier}' is not among the imports of ${house}/package.json`
  const folders = [targets.node, targets.default].map((target) => dirname(target))
  return folders.join() === `./dist/${room}/node,./dist/${room}`
    ? undefined
    : `'${specifier}' is a file of another room than ${room}`
}

/**
 * Why `file` may not import `specifier`, or undefined. Tests may import any package and any room's door.
 * @param {string} file absolute path
 * @param {string} specifier as written
 * @returns {string | undefined}
 */
export function problemOf(file, specifier) {
  const place = placeOf(file)
  if (place === undefined) return undefined
  const { house, source, room } = place
  const { rooms, packages, node = [] } = houses[house]
  const hasRooms = Object.keys(rooms).length > 0
  if (hasRooms && room === undefined) return undefined
  if (hasRooms && rooms[room] === undefined) return `'${room}' is no room of ${house} in rooms.json`
  const test = /\.(test|harness)\b.*\.ts$/.test(file)
  const onNode = node === true || node.includes(room)
  const inNode = onNode || relative(resolve(source, room ?? ''), file).startsWith(`node${sep}`)
  // A file that is another one in Node than in a browser: `imports` of package.json.
  if (specifier.startsWith('#')) return problemOfSwitch(house, room, specifier)
  if (!specifier.startsWith('.')) {
    if (test) return undefined
    if (specifier.startsWith('node:')) return inNode ? undefined : `what needs Node stands in ${house}/src/${room}/node`
    const name = specifier
      .split('/')
      .slice(0, specifier.startsWith('@') ? 2 : 1)
      .join('/')
    const owners = packages[name]
    if (owners === undefined) return `${house} does not import '${name}' in rooms.json`
    return !hasRooms || owners.includes(room) ? undefined : `only ${owners.join(', ')} may import '${name}'`
  }
  const target = resolve(dirname(file), specifier)
  const other = placeOf(target)
  if (other === undefined || other.house !== house) return `'${specifier}' is outside ${house}/src`
  if (!hasRooms) return undefined
  if (other.room === undefined) return 'rooms do not import the doors of their package'
  const within = relative(resolve(source, other.room), target).split(sep)
  if (other.room === room) {
    return within[0] === 'node' && !inNode && !test
      ? `${house}/src/${room} runs in a browser and may not import its node folder`
      : undefined
  }
  if (!test && !rooms[room].includes(other.room)) return `room '${room}' may not import room '${other.room}'`
  const door = within.join('/')
  if (door === 'index.js') return undefined
  if (door === 'node/index.js')
    return inNode || test ? undefined : `${house}/src/${room} runs in a browser and may not import '${other.room}/node'`
  return test && /\.harness\.js$/.test(door) ? undefined : `import room '${other.room}' through its door`
}
