// Writes pumps.csv: 600 simulated hourly readings of a pump that runs well, and pumps-week2.csv: 200 more, eight of
// them faults that each reading alone does not show. Seeded, so that the committed files can be made again: node
// docs/examples/make-pumps.mjs

import { writeFileSync } from 'node:fs'
import { Random } from 'toll/base'

const random = Random.seeded(2024)

function reading(hour) {
  const demand = 0.6 + 0.25 * Math.sin((2 * Math.PI * hour) / 24) + 0.05 * random.normal()
  const speed = 1450 * (0.7 + 0.4 * demand) + 4 * random.normal()
  return {
    speed,
    pressure: 2.1 * (speed / 1450) ** 2 + 0.02 * random.normal(),
    current: 3 + 9 * demand + 0.15 * random.normal(),
    temperature: 35 + 18 * demand + 0.5 * random.normal(),
    vibration: 0.8 + 0.3 * demand + 0.04 * random.normal(),
  }
}

const faults = [
  (r) => ({ ...r, pressure: 0.8 * r.pressure }), // a leak: less pressure than the speed should give
  (r) => ({ ...r, current: 1.25 * r.current, temperature: r.temperature + 4 }), // friction
  (r) => ({ ...r, vibration: r.vibration + 0.45 }), // a worn bearing
  (r) => ({ ...r, temperature: r.temperature - 9 }), // a loose sensor
]

function rows(from, count, faultAt) {
  return Array.from({ length: count }, (_, i) => {
    const fault = faultAt.indexOf(i)
    const r = fault < 0 ? reading(from + i) : faults[fault % faults.length](reading(from + i))
    return [
      from + i,
      r.speed.toFixed(1),
      r.pressure.toFixed(3),
      r.current.toFixed(2),
      r.temperature.toFixed(1),
      r.vibration.toFixed(3),
      Number(fault >= 0),
    ]
  })
}

const write = (name, table, columns) =>
  writeFileSync(
    new URL(name, import.meta.url),
    [columns, ...table].map((row) => row.slice(0, columns.length).join()).join('\n') + '\n',
  )

const columns = ['hour', 'speed', 'pressure', 'current', 'temperature', 'vibration']
write(
  'pumps.csv',
  rows(0, 600, []).map((row) => row.slice(1)),
  columns.slice(1),
)
write('pumps-week2.csv', rows(600, 200, [12, 37, 61, 88, 109, 140, 163, 191]), [...columns, 'fault'])
