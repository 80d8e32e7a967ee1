// The frame editor: a script is filled in, its outcome is predicted, it is sent, and what happened
// stands beside the prediction and beside what the RFC demands.

import { ScriptForm } from './script.js';
import { ask, tell, copy } from './talk.js';
import { predictions, describe, describeAll } from './outcomes.js';
import { startProxy } from './inject.js';

const id = (name) => document.getElementById(name);

export async function startEditor(element, inspector) {
  const form = new ScriptForm(() => preview());
  const score = { right: 0, of: 0 };
  let built = null; // what the script in the form comes to, or null if it cannot be sent
  let turn = 0;

  // preview asks for the bytes. The header of each frame is underlined, and a bar stands where it is cut.
  async function preview() {
    const mine = ++turn;
    id('send-note').textContent = '';
    try {
      const answer = await tell('editor/bytes', form.script());
      if (mine !== turn) return;
      built = answer.wrong ? null : answer;
      if (built) showBytes(built);
      else id('bytes').textContent = answer.wrong;
    } catch (error) {
      if (mine !== turn) return;
      built = null;
      id('bytes').textContent = error.message;
    }
  }

  async function send(prediction) {
    const script = form.script();
    id('send').ariaDisabled = 'true'; // the attribute "disabled" would take the focus away
    id('send-note').textContent = 'Sent. Waiting for what comes…';
    try {
      const result = await tell('editor/send', script);
      id('send-note').textContent = '';
      showResult(result, prediction, score, inspector);
    } catch (error) {
      id('send-note').textContent = error.message;
    }
    id('send').ariaDisabled = 'false';
  }

  async function loadRow() {
    const row = inspector.selected();
    if (row?.kind !== 'frame') {
      id('editor-note').textContent = 'Select a frame in the time line first.';
      return false;
    }
    try {
      form.load(await ask(`editor/row?seq=${row.seq}`));
    } catch (error) {
      id('editor-note').textContent = error.message;
      return false;
    }
    id('preset').value = '';
    id('preset-about').textContent = `The frame of row ${row.seq}, as the ${row.from} sent it.`;
    id('editor-note').textContent = '';
    return true;
  }

  showPredictions();
  inspector.onSelect((row) => {
    for (const name of ['edit', 'resend']) id(name).ariaDisabled = row?.kind !== 'frame';
  });
  id('edit').addEventListener('click', loadRow);
  id('resend').addEventListener('click', async () => {
    if (await loadRow()) send('none');
  });
  id('send').addEventListener('click', () => {
    if (id('send').ariaDisabled === 'true') return;
    if (!built) {
      id('send-note').textContent = 'This cannot be sent: see above.';
      return;
    }
    const prediction = element.querySelector('[name=prediction]:checked')?.value;
    if (!prediction) {
      id('send-note').textContent = 'First say what you expect.';
      element.querySelector('[name=prediction]').focus();
      return;
    }
    send(prediction);
  });
  id('cut-all').addEventListener('click', () => {
    const total = built?.sizes.reduce((a, b) => a + b, 0) ?? 0;
    id('cuts').value = Array.from({ length: Math.max(0, total - 1) }, (_, i) => i + 1).join(', ');
    preview();
  });
  id('copy-hex').addEventListener('click', async () => {
    id('editor-note').textContent = built ? await copy(built.parts.join(' '), 'The script in hex') : 'There is nothing to copy.';
  });
  id('copy-test').addEventListener('click', async () => {
    id('editor-note').textContent = built ? await copy(built.test, 'A test in Go') : 'There is nothing to copy.';
  });
  startProxy(() => form.script());

  const presets = await ask('editor/presets').catch((error) => {
    id('editor-note').textContent = error.message;
    return [];
  });
  const groups = [new Option('a row of the time line', '')];
  for (const [label, legal] of [['Within the rules', true], ['Against the rules', false]]) {
    const group = document.createElement('optgroup');
    group.label = label;
    group.append(...presets.filter((p) => p.legal === legal).map((p) => new Option(p.name, p.id)));
    groups.push(group);
  }
  groups[0].hidden = true;
  id('preset').replaceChildren(...groups);
  id('preset').addEventListener('change', () => {
    const preset = presets.find((p) => p.id === id('preset').value);
    if (!preset) return;
    form.load(preset.script);
    id('preset-about').textContent = preset.about;
    for (const radio of element.querySelectorAll('[name=prediction]')) radio.checked = false;
    id('result').replaceChildren();
  });
  id('preset').value = presets[0]?.id ?? '';
  id('preset').dispatchEvent(new Event('change'));
}

function showPredictions() {
  id('prediction').append(...predictions.map((outcome) => {
    const label = document.createElement('label');
    const radio = document.createElement('input');
    radio.type = 'radio';
    radio.name = 'prediction';
    radio.value = outcome;
    label.append(radio, ' ', describe(outcome));
    return label;
  }));
}

function showBytes({ parts, heads, sizes }) {
  const place = id('bytes');
  place.replaceChildren();
  const cuts = new Set();
  let at = 0;
  for (const part of parts) cuts.add((at += part.split(' ').length));
  const bytes = parts.join(' ').split(' ');
  at = 0;
  sizes.forEach((size, i) => {
    if (i > 0) place.append('\n');
    for (const end = at + size, head = at + heads[i]; at < end; at++) {
      const byte = document.createElement(at < head ? 'b' : 'span');
      byte.textContent = bytes[at];
      place.append(byte, ' ');
      if (cuts.has(at + 1) && at + 1 < bytes.length) {
        const bar = document.createElement('span');
        bar.className = 'cut';
        bar.textContent = '| ';
        place.append(bar);
      }
    }
  });
}

function showResult(result, prediction, score, inspector) {
  const list = document.createElement('dl');
  const line = (name, text, mark) => {
    const term = document.createElement('dt');
    const what = document.createElement('dd');
    term.textContent = name;
    what.textContent = text;
    if (mark) what.className = mark;
    list.append(term, what);
  };
  const { happened, demand, end, unsent, conn } = result;
  if (prediction !== 'none') {
    const right = happened.includes(prediction);
    score.of++;
    if (right) score.right++;
    line('You predicted', `${describe(prediction)} ${right ? '✓ That is what happened.' : '✗ It did something else.'}`, right ? 'right' : 'not');
  }
  const agrees = happened.join() === demand.outcomes.join();
  line('The server', describeAll(happened));
  line('The RFC demands', `${describeAll(demand.outcomes)} ${agrees ? '✓ The server keeps to it.' : '✗ The server does not keep to it.'}`, agrees ? 'right' : 'not');
  if (demand.rule) line('Rule', `${demand.sentence} (${demand.source}, ${demand.rule})`);
  line('Verdict', demand.verdicts.join(' '));
  line('The end', unsent > 0 ? `${end} By then ${unsent} ${unsent === 1 ? 'part was' : 'parts were'} not sent.` : end);
  if (score.of > 0) line('So far', `${score.right} of ${score.of} predictions were right.`);
  const parts = [list];
  if (result.frames.length > 0) {
    const sent = document.createElement('pre');
    sent.textContent = result.frames.join('\n');
    sent.tabIndex = 0;
    sent.ariaLabel = 'What the server sent';
    parts.push(sent);
  }
  const show = document.createElement('button');
  show.type = 'button';
  show.className = 'plain';
  show.textContent = `Show connection ${conn} in the time line`;
  show.addEventListener('click', () => {
    const rows = inspector.visible().filter((row) => row.conn === conn);
    const first = rows.find((row) => row.frame) ?? rows[0];
    if (first) inspector.select(first.seq);
    else id('send-note').textContent = 'Its rows do not pass the filter, or are gone.';
  });
  parts.push(show);
  id('result').replaceChildren(...parts);
}
