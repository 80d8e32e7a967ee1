// What browsers have reported of the ends of their WebSockets. Pages of this server that are open in the same
// browser say so; see reportEnd in socket.js. The bytes cannot tell.

const most = 1000;

export class Reports {
  // changed is called when there is a new one.
  constructor(changed) {
    this.byTarget = new Map(); // by the target of the request, in which each socket has a name
    this.channel = new BroadcastChannel('ends of sockets');
    this.channel.onmessage = ({ data: { address, ...report } }) => {
      const { pathname, search } = new URL(address);
      this.byTarget.set(pathname + search, report);
      if (this.byTarget.size > most) this.byTarget.delete(this.byTarget.keys().next().value);
      changed();
    };
  }

  of(conn) {
    return this.byTarget.get(conn?.target);
  }
}
