const loopback = /^(localhost|[^:]+\.localhost|127(\.\d{1,3}){3}|\[::1\])$/i

/**
 * Whether a Host header names this machine, or one of `allowed`. A page in somebody's browser can be made to resolve
 * its own name to 127.0.0.1; its requests still carry that name.
 */
export function isAllowedHost (header: string | undefined, allowed: readonly string[]): boolean {
  const name = (header ?? '').replace(/:\d+$/, '')
  return loopback.test(name) || allowed.includes('*') || allowed.includes(name)
}

/** A browser says which page sends; a page from elsewhere may not command the sandbox with a plain form. */
export function isAllowedOrigin (header: string | undefined, allowed: readonly string[]): boolean {
  if (header === undefined) return true
  return isAllowedHost(header.replace(/^[a-z][a-z+.-]*:\/\//i, ''), allowed)
}
