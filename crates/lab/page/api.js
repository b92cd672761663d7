// What the page asks the lab, apart from the transports.

/** The lab answered, and not with what was asked for. */
export class Refused extends Error {
  constructor(status, reason) {
    super(reason);
    this.status = status;
  }
}

async function ask(path, options = {}) {
  const answer = await fetch(`/lab/api/${path}`, options);
  if (!answer.ok) throw new Refused(answer.status, (await answer.text()).trim());
  return answer.status === 204 ? null : answer.json();
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

  look() {
    return ask(`sessions/${this.id}`);
  }

  heads() {
    return ask(`sessions/${this.id}/heads`);
  }
}

/** One ping: the server's time, and ours before and after. */
export async function ping(now) {
  const sent = now();
  const { now_ns: serverNs } = await ask('clock');
  return { sent, serverMs: serverNs / 1e6, heard: now() };
}

/** Starts, stops or kills the server: `start`, `stop`, `kill`. */
export const command = (action) => ask('server', json('POST', { action }));

/** The ports on which the lab listens: `plain`, and `secure` if there is one. */
export const ports = () => ask('ports');

/** The relays' sums beside the server's own. */
export const balance = () => ask('balance');
