// What the ground floor needs from Node: files that appear whole or not at all.
export { describeIo, openAtomic, writeFileAtomic, type AtomicFile } from './atomic.js'
