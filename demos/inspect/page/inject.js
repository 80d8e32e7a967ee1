// Injection into a connection through the proxy, where there is one. It is off until it is armed.

import { ask, tell } from './talk.js';

const id = (name) => document.getElementById(name);

// startProxy shows the controls if this server is a proxy. script() is what would be injected.
export async function startProxy(script) {
  let state = await ask('editor/proxy').catch(() => null);
  if (!state) return;

  function show(news) {
    state = news;
    const { listen, target, armed, conns } = state;
    id('proxy').hidden = false;
    id('proxy').toggleAttribute('data-armed', armed);
    document.querySelector('.lead').textContent = `${listen} stands in front of ${target}. What passes there is on the time line; connect to ${listen} to see something.`;
    id('arm').ariaChecked = armed;
    id('arm').textContent = armed ? 'Injection is ARMED' : 'Injection is off';
    id('armed').textContent = armed ? 'What you inject reaches a program that did not ask for it.' : 'Bytes pass as they are.';
    id('inject').ariaDisabled = !armed || conns.length === 0;
    const chosen = id('proxy-conn').value;
    const options = conns.map(({ conn, client, path }) => new Option(`${conn}: ${client} ${path}`, conn));
    if (options.length === 0) options.push(new Option('no connection is open', ''));
    id('proxy-conn').replaceChildren(...options);
    if (conns.some(({ conn }) => String(conn) === chosen)) id('proxy-conn').value = chosen;
  }

  const attempt = async (what) => {
    try {
      await what();
    } catch (error) {
      id('proxy-note').textContent = error.message;
    }
  };
  id('arm').addEventListener('click', () => attempt(async () => {
    show(await tell('editor/arm', { armed: !state.armed }));
    id('proxy-note').textContent = '';
  }));
  // Connections come and go: the list is asked for when somebody turns to it.
  id('proxy-conn').addEventListener('focus', () => attempt(async () => show(await ask('editor/proxy'))));
  id('inject').addEventListener('click', () => attempt(async () => {
    if (!state.armed) {
      id('proxy-note').textContent = 'Arm it first.';
      return;
    }
    show(await ask('editor/proxy'));
    const conn = Number(id('proxy-conn').value);
    if (!conn) {
      id('proxy-note').textContent = 'No connection is open through the proxy.';
      return;
    }
    const from = id('proxy-from').value;
    const { bytes } = await tell('editor/inject', { conn, from, script: script() });
    id('proxy-note').textContent = `${bytes} bytes were injected into connection ${conn}, as the ${from}.`;
  }));
  show(state);
}
