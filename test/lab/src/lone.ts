/** Single servers and links on loopback, without a cluster: for tests that need no failover. */
export {
  PASSWORD,
  promote,
  removeFolder,
  serverFolder,
  startPostgres,
  type TestServer,
} from './observers/test-servers.ts';
export { createProxyServer, type ProxyServer } from './proxy/proxy-server.ts';
