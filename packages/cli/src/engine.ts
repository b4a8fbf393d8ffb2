// The engine that a command runs on, from --device and --threads.

import type { Command } from 'commander'
import type { Engine } from 'toll'
import { choice, integer } from 'toll/base'
import { parameterOption } from './parameters.js'

export interface EngineFlags {
  readonly device?: 'auto' | 'cpu' | 'webgpu' | 'cuda' | 'reference'
  readonly threads?: number
}

const device = choice({
  values: ['auto', 'cpu', 'webgpu', 'cuda', 'reference'],
  default: 'auto',
  doc: 'Where to compute; auto takes the first of cuda, webgpu, cpu that is there.',
})
const threads = integer({
  default: 1,
  min: 1,
  max: 1024,
  doc: 'Threads of the CPU; other numbers give results that differ in the last digits.',
})

export function addEngineOptions(command: Command, defaults = { device: 'auto', threads: 'all' }): void {
  command.optionsGroup('Machine:')
  command.addOption(parameterOption('device', device, defaults.device))
  command.addOption(parameterOption('threads', threads, defaults.threads))
}

/** Runs `work` on an engine that is closed whatever happens. Errors: `device`. */
export async function withEngine<T>(
  { device = 'auto', threads }: EngineFlags,
  work: (engine: Engine) => Promise<T>,
): Promise<T> {
  const { openEngine } = await import('toll')
  const engine = await openEngine({ device, ...(threads !== undefined && { threads }) })
  try {
    return await work(engine)
  } finally {
    await engine.close()
  }
}
