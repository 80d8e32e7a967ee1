// A page: the vote, the chat, and the transport that brings their news.
//
// A transport is one of the five techniques, and each is a class of a page or two:
//
//   new Transport(page)
//   run(signal)   brings the news until the signal is aborted: page.take(batch)
//   send(action)  sends {vote: uid}, {join: name} or {say: text}, and returns a promise; if it
//                 fails, its error is a sentence for the person
//
// This file does not know how a transport works, and no transport knows what the news is about.

import { Vote } from './vote.js';
import { Chat } from './chat.js';
import { StatusLine } from './connection.js';

const id = (name) => document.getElementById(name);

export class Page {
  constructor() {
    this.cursor = ''; // what I have seen; the server gave it with the last batch
    this.me = mine(); // who I am to the server, and nobody else is told
    this.status = new StatusLine(id('status'));
    const send = (action) => this.transport.send(action);
    if (id('vote')) this.vote = new Vote(id('vote'), id('message'), (uid) => send({ vote: uid }));
    this.chat = new Chat(id('chat'), send);
    addEventListener('pagehide', () => {
      this.stop?.abort(); // a browser may keep the page for the way back, and its connections with it
      if (this.chat.name) navigator.sendBeacon(`leave?me=${this.me}`);
    });
    addEventListener('pageshow', ({ persisted }) => {
      if (persisted) location.reload();
    });
  }

  // use changes to a transport. What the last one has brought stays, and the next one goes on there.
  use(transport) {
    this.stop?.abort();
    this.stop = new AbortController();
    this.transport = transport;
    transport.run(this.stop.signal);
  }

  // address returns where to ask for what came after the cursor.
  address(path) {
    return `${path}?cursor=${encodeURIComponent(this.cursor)}&me=${this.me}`;
  }

  // take shows {cursor, snapshot: true, state} or {cursor, snapshot: false, events: [{kind: what}, ...]}.
  take(batch) {
    if (batch.snapshot) {
      this.vote?.show(batch.state.vote);
      this.chat.show(batch.state.chat, batch.state.here);
    } else {
      for (const event of batch.events) this.change(event);
    }
    this.cursor = batch.cursor; // only now: what could not be shown is asked for again
    const what = batch.snapshot ? 'a snapshot' : count(batch.events.length);
    this.fact('last', what);
    this.fact('cursor', this.cursor);
    return what;
  }

  change({ vote, chat, here }) {
    if (vote) this.vote?.change(vote);
    if (chat) this.chat.line(chat);
    if (here) this.chat.person(here);
  }

  // fact shows a figure, if this page has a place for it.
  fact(name, text) {
    const place = id(name);
    if (place) place.textContent = text;
  }
}

function count(n) {
  if (n === 0) return 'nothing new';
  return n === 1 ? 'one event' : `${n} events`;
}

// random returns a text that nobody else will make up.
export function random() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, '0')).join('');
}

// mine returns the id of this page. It stays the same when the page is loaded again.
function mine() {
  try {
    sessionStorage.ws101me ??= random();
    return sessionStorage.ws101me;
  } catch {
    return random(); // no storage here
  }
}
