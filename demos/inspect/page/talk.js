// Requests to the server's part of the editor. What it refuses is an error with a sentence.

export async function ask(path) {
  return read(await send(path));
}

export async function tell(path, what) {
  return read(await send(path, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(what) }));
}

async function send(path, options) {
  try {
    return await fetch(path, options);
  } catch {
    throw new Error('The server does not answer.');
  }
}

async function read(response) {
  if (!response.ok) throw new Error((await response.text()).trim());
  return response.json();
}

// copy puts a text on the clipboard, and says what came of it.
export async function copy(text, what) {
  try {
    await navigator.clipboard.writeText(text);
    return `${what} is on the clipboard.`;
  } catch {
    return 'The browser does not give the clipboard to this page.';
  }
}
