// Connecting a server of models: try it, see what it offers, use it.
import { find, call, actions, element } from './page.js';

const form = () => find('#lr-connect');

function asked() {
  const { url, key, model } = Object.fromEntries(new FormData(form()));
  return { url: url.trim(), key, model: model.trim() };
}

function sees({ sees: eyes, tried, problem }) {
  if (problem) return `failed: ${problem}`;
  if (eyes === null) return 'not tried';
  return `${eyes ? 'sees' : 'does not see'}${tried ? ', tried' : ', says the server'}`;
}

function show(found) {
  const result = found.sees ? 'sees pictures' : 'reads and writes text, but does not see';
  const saved = found.saved ? ' It is saved: restart Longreel to use it.' : '';
  const heading = element('p', {}, element('b', {}, found.model), ` at ${found.url} ${result}.${saved}`);
  const notes = found.notes.map((note) => element('p', { class: 'lr-warning' }, note));
  const rows = found.models.map((one) => element('li', {}, element('b', {}, one.name), ` ${sees(one)}`));
  const list = element('details', {}, element('summary', {}, `All ${found.models.length} models there`), element('ul', {}, ...rows));
  form().querySelector('.lr-found').replaceChildren(heading, ...notes, list);
  find('#lr-connect-models').replaceChildren(...found.models.map((one) => element('option', { value: one.name })));
}

async function connect(body) {
  const [submit, use, line] = ['[type=submit]', '[data-connect]', '.lr-found'].map((part) => form().querySelector(part));
  submit.disabled = use.disabled = true;
  line.textContent = 'Trying. A server on this machine may have to load its model first, which can take a minute.';
  try {
    const found = await call('POST', '/connection', body);
    show(found);
    use.hidden = found.saved;
    use.dataset.connect = found.model;
  } catch (error) {
    use.hidden = true;
    line.replaceChildren(element('p', { class: 'lr-problem' }, error.message));
  }
  submit.disabled = use.disabled = false;
}

document.addEventListener('submit', (event) => {
  if (event.target !== form()) return;
  event.preventDefault();
  connect(asked());
});
document.addEventListener('input', (event) => {
  if (form()?.contains(event.target)) form().querySelector('[data-connect]').hidden = true; // what was tried is no longer there
});
actions.connect = (button) => connect({ ...asked(), model: button.dataset.connect, save: true });
