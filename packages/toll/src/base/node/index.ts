// What the ground floor needs from Node: files that appear whole or not at all, and folders for them.
export { cannotRead, cannotWrite, describeIo, openAtomic, writeFileAtomic, type AtomicFile } from './atomic.js'
export { checkFolder, makeFolder } from './folder.js'
