// What the room's tests say about errors: the code, and words that the message must hold.

import { TollError } from 'toll'
import { messageOf } from 'toll/base'

/** Runs `action` and gives back `code: message` of the typed error it throws; anything else is thrown on. */
export async function refusalOf(action: () => unknown): Promise<string> {
  try {
    await action()
  } catch (error) {
    if (error instanceof TollError) return `${error.code}: ${messageOf(error)}`
    throw error
  }
  return 'nothing was thrown'
}
