import { styleText } from 'node:util'

/** Colours and moving lines for a person; plain lines, one per change, in a pipe. */
export interface Terminal {
  bold: (text: string) => string
  dim: (text: string) => string
  green: (text: string) => string
  red: (text: string) => string
  say: (line?: string) => void
  /** Shows a line in the place of the one shown before; in a pipe below it, when it differs. */
  show: (line: string) => void
  /** Keeps the line that is shown and goes on below it. */
  keep: () => void
}

export function createTerminal (out: NodeJS.WriteStream, env: Readonly<Record<string, string | undefined>>): Terminal {
  const hasColours = out.isTTY && env.NO_COLOR === undefined
  const style = (format: Parameters<typeof styleText>[0]) => (text: string): string => hasColours ? styleText(format, text) : text
  let shown = ''

  return {
    bold: style('bold'),
    dim: style('dim'),
    green: style('green'),
    red: style('red'),
    say: (line = '') => { out.write(`${line}\n`) },
    show: line => {
      if (line === shown) return
      shown = line
      out.write(out.isTTY ? `\r\u001b[2K${line}` : `${line}\n`)
    },
    keep: () => {
      if (shown !== '' && out.isTTY) out.write('\n')
      shown = ''
    }
  }
}

const BAR_WIDTH = 28

/** `━━━━━━━───────  50 %` */
export function progressBar (percent: number): string {
  const filled = Math.round(BAR_WIDTH * percent / 100)
  return `${'━'.repeat(filled)}${'─'.repeat(BAR_WIDTH - filled)} ${String(percent).padStart(3)} %`
}
