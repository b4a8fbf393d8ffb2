// The worker's script as text, for bundles: the file that it is elsewhere does not come with them. Filled in when the
// package is packed, by tools/bundle-worker.mjs.
export const workerSource: string | undefined = undefined
