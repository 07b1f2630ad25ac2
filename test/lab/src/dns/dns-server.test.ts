import { Resolver } from 'node:dns/promises';
import { createConnection } from 'node:net';
import { once } from 'node:events';
import { Packet, TCPClient } from 'dns2';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startDns, type DnsServer } from './dns-server.ts';

let server: DnsServer;
let resolver: Resolver;

beforeEach(async () => {
  server = await startDns();
  resolver = new Resolver({ timeout: 200, tries: 1 });
  resolver.setServers([`${server.host}:${server.port}`]);
  server.set('db.lab', ['10.1.0.1'], 1);
});
afterEach(() => server.close());

describe('the lab DNS server', () => {
  it('answers node:dns with the addresses and the TTL it was given', async () => {
    server.set('db.lab', ['10.1.0.1', '10.1.0.2'], 7);
    expect(await resolver.resolve4('DB.lab', { ttl: true })).toEqual([
      { address: '10.1.0.1', ttl: 7 },
      { address: '10.1.0.2', ttl: 7 },
    ]);
  });

  it('answers with the new address as soon as it is set', async () => {
    expect(await resolver.resolve4('db.lab')).toEqual(['10.1.0.1']);
    server.set('db.lab', ['10.1.0.2'], 1);
    expect(await resolver.resolve4('db.lab')).toEqual(['10.1.0.2']);
  });

  it('has no IPv6 address for a known name and does not know other names', async () => {
    await expect(resolver.resolve6('db.lab')).rejects.toMatchObject({ code: 'ENODATA' });
    await expect(resolver.resolve4('other.lab')).rejects.toMatchObject({ code: 'ENOTFOUND' });
  });

  it('keeps the old answer while held and publishes the newest when let go', async () => {
    server.hold(true);
    server.set('db.lab', ['10.1.0.2'], 1);
    server.set('db.lab', ['10.1.0.3'], 1);
    expect(await resolver.resolve4('db.lab')).toEqual(['10.1.0.1']);
    server.hold(false);
    expect(await resolver.resolve4('db.lab')).toEqual(['10.1.0.3']);
  });

  it('can hold one name and leave the others', async () => {
    server.set('cache.lab', ['10.1.0.1'], 1);
    server.hold(true, 'db.lab');
    server.set('db.lab', ['10.1.0.2'], 1);
    server.set('cache.lab', ['10.1.0.2'], 1);
    expect(await resolver.resolve4('db.lab')).toEqual(['10.1.0.1']);
    expect(await resolver.resolve4('cache.lab')).toEqual(['10.1.0.2']);
  });

  it('fails as told and recovers', async () => {
    server.fail('servfail');
    await expect(resolver.resolve4('db.lab')).rejects.toMatchObject({ code: 'ESERVFAIL' });
    server.fail('silent');
    await expect(resolver.resolve4('db.lab')).rejects.toMatchObject({ code: 'ETIMEOUT' });
    server.fail('none');
    expect(await resolver.resolve4('db.lab')).toEqual(['10.1.0.1']);
  });

  it('counts the questions it heard, in all and by name', async () => {
    await resolver.resolve4('db.lab');
    await resolver.resolve4('other.lab').catch(() => undefined);
    expect(server.queries()).toBe(2);
    expect(server.queries('db.lab')).toBe(1);
  });

  it('answers over TCP on the same port', async () => {
    const ask = TCPClient({ dns: server.host, port: server.port });
    const answer = await ask('db.lab', 'A', Packet.CLASS.IN, {});
    expect(answer.answers.map((each) => each.address)).toEqual(['10.1.0.1']);
  });

  it('closes at once although a TCP client stays connected', async () => {
    const socket = createConnection(server.port, server.host);
    await once(socket, 'connect');
    const gone = once(socket, 'close');
    await server.close();
    await expect(gone).resolves.toEqual([false]);
  });

  it('refuses wrong input and a taken port by name', async () => {
    expect(() => server.set('db.lab', ['db1'], 1)).toThrow("'db1' is not an IPv4 address");
    expect(() => server.set('db.lab', ['10.1.0.1'], -1)).toThrow('ttlS of db.lab: -1');
    await expect(startDns({ port: server.port })).rejects.toThrow(
      `cannot listen on 127.0.0.1:${server.port}`,
    );
  });
});
