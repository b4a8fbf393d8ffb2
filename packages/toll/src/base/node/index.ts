// What the ground floor needs from Node: files that appear whole or not at all, folders for them, optional packages.
export { cannotRead, cannotWrite, openAtomic, writeFileAtomic, type AtomicFile } from './atomic.js'
export { pathOf } from './files.js'
export { checkFolder, makeFolder } from './folder.js'
export { loadPackage, packageFile } from './packages.js'
export { takeLock } from './lock.js'
export { claim, makeTemporary, temporaryPath, type TemporaryFolder } from './temporary.js'
