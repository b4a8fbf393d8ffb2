// Writes payments.csv: 800 simulated payments as they stand in a log, with texts, dates, gaps and columns that say
// nothing, and payments-new.csv: 60 more, six of them odd. Seeded, so that the committed files can be made again: node
// docs/examples/make-payments.mjs

import { writeFileSync } from 'node:fs'
import { Random } from 'toll/base'

const random = Random.seeded(7)
const pick = (choices) => choices.find(([, share], i) => i === choices.length - 1 || random.uniform() < share)[0]

function payment(i) {
  const channel = pick([['card', 0.7], ['transfer', 0.7], ['wallet']])
  const day = Math.floor(i / 20)
  // Offices pay by transfer in the day, people by card until late.
  const hour = channel === 'transfer' ? 8 + 9 * random.uniform() : 7 + 16 * random.uniform()
  const at = new Date(Date.UTC(2025, 2, 3) + 1000 * Math.round(86_400 * day + 3600 * hour))
  const amount = Math.exp({ card: 3.2, transfer: 6.5, wallet: 2.3 }[channel] + 0.7 * random.normal())
  return {
    id: `p-${(1e9 * random.uniform()).toFixed(0)}`,
    at: at.toISOString().replace('.000', ''),
    channel,
    country: pick([['DE', 0.6], ['FR', 0.5], ['NL', 0.6], ['PL']]),
    amount: amount.toFixed(2),
    fee: random.uniform() < 0.06 ? '' : (0.1 + 0.01 * amount).toFixed(2),
    retries: random.uniform() < 0.9 ? 0 : 1,
    test: false,
    odd: 0,
  }
}

const oddities = [
  (p) => ({ ...p, channel: 'cheque' }), // a channel that never was
  // an office that pays at night
  (p) => ({ ...p, channel: 'transfer', at: `${p.at.slice(0, 11)}03:12:00Z`, amount: '700.00', fee: '7.10' }),
  (p) => ({ ...p, fee: (4 + Number(p.amount) * 0.2).toFixed(2) }), // a fee that does not fit the amount
  (p) => ({ ...p, at: '1970-01-01T00:00:00Z' }), // a clock that was never set
  (p) => ({ ...p, channel: 'wallet', amount: '4100.00', fee: '41.10' }), // an amount that no wallet pays
  (p) => ({ ...p, retries: 9 }), // a machine that does not give up
]

const rows = (from, count, oddAt) =>
  Array.from({ length: count }, (_, i) => {
    const kind = oddAt.indexOf(i)
    return kind < 0 ? payment(from + i) : { ...oddities[kind](payment(from + i)), odd: 1 }
  })

const write = (name, table, columns) =>
  writeFileSync(
    new URL(name, import.meta.url),
    [columns, ...table.map((row) => columns.map((column) => row[column]))].map((cells) => cells.join()).join('\n') +
      '\n',
  )

const columns = ['id', 'at', 'channel', 'country', 'amount', 'fee', 'retries', 'test']
write('payments.csv', rows(0, 800, []), columns)
write('payments-new.csv', rows(800, 60, [5, 14, 23, 32, 41, 50]), [...columns, 'odd'])
