/** One message of a stream of server-sent events. */
export interface Message { event: string, id: string | undefined, data: unknown }

/** Reads a stream of server-sent events to its end. */
export async function readEventStream (url: string, headers: Record<string, string>): Promise<Message[]> {
  const response = await fetch(url, { headers: { ...headers, accept: 'text/event-stream' } })
  const text = await response.text()
  return text.split('\n\n').filter(part => part.startsWith('event:')).map(part => {
    const fields = new Map(part.split('\n').map(line => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]))
    return { event: fields.get('event') ?? '', id: fields.get('id'), data: JSON.parse(fields.get('data') ?? 'null') as unknown }
  })
}
