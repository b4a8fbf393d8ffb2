// Where trials run, as their records say it.

import { cpus, totalmem } from 'node:os'
import type { Engine } from 'toll'
import type { Machine } from '../record.js'

export function describeMachine({ device, threads }: Pick<Engine, 'device' | 'threads'>): Machine {
  const all = cpus()
  return {
    device,
    threads,
    processor: all[0]?.model.trim() ?? 'unknown',
    cores: all.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    platform: `${process.platform}-${process.arch}`,
  }
}
