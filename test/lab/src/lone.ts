/** Single servers and links on loopback, without a cluster: for tests that need no failover. */
export {
  PASSWORD,
  promote,
  removeFolder,
  serverFolder,
  startPostgres,
  type TestServer,
} from './observers/test-servers.ts';
export { Alarm } from './proxy/alarm.ts';
export { startDns, type DnsServer } from './dns/dns-server.ts';
export { createProxyServer, type ProxyServer } from './proxy/proxy-server.ts';
export { startProxyProcess, type ProxyProcess } from './proxy/proxy-process.ts';
