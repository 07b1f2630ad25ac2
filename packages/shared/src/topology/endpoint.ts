/** A dialable address. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** `host:port`, IPv6 in brackets: the name of a member in maps, logs and errors. */
export function endpointKey(endpoint: Endpoint): string {
  return endpoint.host.includes(':')
    ? `[${endpoint.host}]:${endpoint.port}`
    : `${endpoint.host}:${endpoint.port}`;
}

/** Whether two are written the same; a name and the address that it leads to are not. */
export function sameEndpoint(a: Endpoint, b: Endpoint): boolean {
  return a.port === b.port && a.host === b.host;
}

/** Reads `host`, `host:port` or `[v6]:port`; undefined where it is none of these. */
export function parseEndpoint(text: string, defaultPort: number): Endpoint | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+(?:%[\w.-]+)?)\]|([^\s:[\]/@?#,;"'`]+))(?::(\d{1,5}))?$/.exec(
    text.trim(),
  );
  const host = match?.[1] ?? match?.[2];
  if (!host) return undefined;
  const port = match?.[3] === undefined ? defaultPort : Number(match[3]);
  return port >= 1 && port <= 65_535 ? { host, port } : undefined;
}
