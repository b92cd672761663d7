// What the page asks the lab, apart from the transports.

/** The lab responded, but with a refusal. */
export class Refused extends Error {
  constructor(status, reason) {
    super(reason);
    this.status = status;
  }
}

async function ask(path, options = {}) {
  const response = await fetch(`/lab/api/${path}`, options);
  if (!response.ok) throw new Refused(response.status, (await response.text()).trim());
  return response.status === 204 ? null : response.json();
}

const json = (method, value) => ({
  method,
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify(value),
});

/** One session: this page's topic, publisher and books. */
export class Session {
  /** Always as long, so that a poll's size does not depend on who asks. */
  id = Array.from(crypto.getRandomValues(new Uint8Array(6)), (byte) => byte.toString(16).padStart(2, '0')).join('');
  topic = `lab-${this.id}`;

  /** Says what the publisher does; begins the session if the lab does not know it. */
  set(settings) {
    return ask(`sessions/${this.id}`, json('PUT', settings));
  }

  sample() {
    return ask(`sessions/${this.id}`);
  }

  headers() {
    return ask(`sessions/${this.id}/headers`);
  }
}

/** One ping: the server's time, and ours before and after. */
export async function ping(now) {
  const sent = now();
  const { now_ns: serverNs } = await ask('clock');
  return { sent, serverMs: serverNs / 1e6, received: now() };
}

/** Starts, stops or kills the server: `start`, `stop`, `kill`. */
export const command = (action) => ask('server', json('POST', { action }));

/** The ports on which the lab listens: `plain`, and `secure` if there is one. */
export const ports = () => ask('ports');

/** The relays' sums beside the server's own. */
export const balance = () => ask('balance');
