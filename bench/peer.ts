// PyTorch on the same machine: a child process that times the same networks when asked. Absent where no python3 has
// torch.

import { fileURLToPath } from 'node:url'
import { openPython } from './python.js'

export interface PeerRequest {
  readonly network: string
  readonly batch: number
  readonly mode: 'train' | 'score'
  readonly threads: number
  readonly repeat: number
}

export interface Peer {
  readonly version: string
  /** Seconds of every repetition. */
  time(request: PeerRequest): Promise<number[]>
  close(): void
}

export async function openPeer(): Promise<Peer | undefined> {
  const python = await openPython('torch', fileURLToPath(new URL('../torch_peer.py', import.meta.url)))
  return (
    python && {
      version: String(python.greeting.torch),
      time: async (request) => (await python.ask(request)).seconds as number[],
      close: () => python.close(),
    }
  )
}
