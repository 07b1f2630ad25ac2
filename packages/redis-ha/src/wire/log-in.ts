import { authCommand, checkLogin, type Credentials } from './identify.ts';
import type { SocketOptions } from './open-socket.ts';
import { WireConnection } from './wire-connection.ts';

/**
 * Opens a connection for questions and says who we are, where there is a password. It does not keep the process alive.
 * @throws the socket's own error, or HaError HA_AUTH
 */
export async function openLoggedIn(
  options: SocketOptions & { credentials: Credentials },
): Promise<WireConnection> {
  const { credentials, endpoint, timeoutMs } = options;
  const connection = (await WireConnection.open(options)).unref();
  const login = authCommand(credentials);
  if (login.length === 0) return connection;
  const [reply] = await connection.ask(login, timeoutMs);
  try {
    checkLogin(reply, credentials, endpoint);
    return connection;
  } catch (error) {
    connection.destroy();
    throw error;
  }
}
