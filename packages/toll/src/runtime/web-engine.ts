// The engine of a browser, where toll is imported without Node.

import { TollError } from '../base/index.js'
import type { Engine } from './engine.js'
import type { EngineOptions } from './options.js'
import { openWebEngine } from './ort-web.js'
import { openReference } from './reference.js'

/**
 * Opens an engine in the calling thread; open it in a web worker where a page must stay responsive during one run.
 * Between the runs of an `advance` timers fire.
 *
 * @throws `argument` for an option outside its domain; `device` when onnxruntime-web or the device is not there, saying
 * what is missing.
 */
export async function openEngine(options: EngineOptions = {}): Promise<Engine> {
  const { device, order, profile, ...rest } = options
  for (const [option, value] of Object.entries({ order, profile })) {
    if (value !== undefined)
      throw new TollError('not-applicable', `the option ${option} of an engine is of Node; leave it out in a browser`, {
        option,
      })
  }
  if (device === 'reference') return openReference()
  if (device === 'cpu' || device === 'cuda')
    throw new TollError('no-device', `device '${device}' is of Node; choose wasm or webgpu in a browser`, {
      option: 'device',
      value: device,
      expected: ['auto', 'wasm', 'webgpu', 'reference'],
    })
  return openWebEngine({ ...rest, device })
}
