// What all parts of the page share: the address, views, tabs, searching in lists, errors. The server renders the rest.
export const find = (selector) => document.querySelector(selector);
export const all = (selector) => [...document.querySelectorAll(selector)];
export const emit = (name, detail = {}) => document.dispatchEvent(new CustomEvent(`longreel:${name}`, { detail }));
export const player = () => find('#lr-player video');
export const opened = () => player()?.dataset.video || '';
export const param = (name) => new URLSearchParams(location.search).get(name) || '';

// The address holds what a reload or a copied link should restore: video, t, answer, q, view.

export function address(changes, push = false) {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(changes)) {
    if (value) query.set(name, value);
    else query.delete(name);
  }
  const text = query.size ? `?${query}` : '';
  if (text !== location.search) history[push ? 'pushState' : 'replaceState'](null, '', location.pathname + text);
}

const hasSubject = () => Boolean(param('video') || param('answer'));
const viewNow = () => param('view') || (hasSubject() ? 'ask' : 'library');

function showView() {
  const view = viewNow();
  if (document.documentElement.dataset.view !== view) {
    document.documentElement.dataset.view = view;
    if (['status', 'batches'].includes(view)) emit('view', { view });
    if (view !== 'ask') player()?.pause();
  }
  for (const link of all('[data-view]:is(a)')) {
    if (link.dataset.view === view) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
}

export function goTo(view, push = true) {
  const isDefault = view === (hasSubject() ? 'ask' : 'library');
  address({ view: isDefault ? '' : view }, push);
  showView();
}

window.addEventListener('popstate', showView);

// Helpers

export function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

export function clock(seconds) {
  const whole = Math.floor(seconds);
  const two = (number) => String(number).padStart(2, '0');
  const minutes = Math.floor(whole / 60);
  return minutes < 60
    ? `${minutes}:${two(whole % 60)}`
    : `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(whole % 60)}`;
}

// The seconds of 1:23, 1:02:03 or the time code 01:02:03:12, whose last part counts frames; NaN for anything else
export function secondsOf(text) {
  const parts = text.trim().split(/[:;]/).map((part) => (part.trim() ? Number(part) : NaN));
  const frames = parts.length === 4 ? parts.pop() : 0;
  return parts.reduce((sum, part) => sum * 60 + part, 0) + frames / [25, 30, 60, 120].find((rate) => !(frames >= rate));
}

export const duration = (seconds) => (seconds < 90 ? `${Math.ceil(seconds)} s` : `${Math.round(seconds / 60)} min`);

// After the server has rendered something

const renders = [];
let due = 0;
export const onRender = (work) => renders.push(work);
const run = () => {
  due = 0;
  renders.forEach((work) => work());
};
new MutationObserver((changes) => {
  if (changes.every(({ target }) => target.closest('.lr-boxes'))) return; // drawn anew with each picture of a film
  due ||= window.setTimeout(run, 0);
}).observe(document.documentElement, { childList: true, subtree: true, attributeFilter: ['data-asked', 'data-announce'] });
onRender(showView);

// Screen readers read new text aloud only in a place that was there before it

let announced = [];
onRender(() => {
  const texts = all('[data-announce]').map((line) => line.dataset.announce);
  const added = texts.filter((text) => !announced.includes(text));
  announced = texts;
  if (added.length) find('#lr-announce').textContent = added.join('. ');
});

// Errors as sentences

// Shows a problem in a line of the page; an empty text hides it
export const problemIn = (selector) => (text) => {
  const line = find(selector);
  line.textContent = text;
  line.hidden = !text;
};
export const notice = problemIn('#lr-notice');

export function sentence(problem, status) {
  return problem ? `${problem.detail} ${problem.hint}`.trim() : `The server answered with status ${status}.`;
}

export async function call(method, path, body) {
  const headers = body ? { 'Content-Type': 'application/json' } : {};
  let response;
  try {
    response = await fetch(`v1${path}`, { method, headers, body: body && JSON.stringify(body) });
  } catch {
    const text = 'The server does not answer. Check that it is running, then try again.';
    throw Object.assign(new Error(text), { isGone: true });
  }
  if (response.ok) return response.status === 204 ? null : response.json();
  throw new Error(sentence(await response.json().catch(() => null), response.status));
}

// Clicks: the first data attribute of an element or its parents selects the action

export const actions = {
  view: (link) => goTo(link.dataset.view),
  tab: (button) => pick(button),
  skip: () => {
    goTo('ask');
    showTab('asking');
    find('#lr-ask').focus();
  },
};
document.addEventListener('click', (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  for (const [name, action] of Object.entries(actions)) {
    const carrier = event.target.closest(`[data-${name}]:is(a, button, .lr-track)`);
    if (!carrier || carrier.disabled) continue;
    event.preventDefault();
    action(carrier, event);
    return;
  }
});

// Tabs

let tab = param('tab') || 'asking';

function choose(name) {
  const tabs = all('[role=tab]');
  tab = !tabs.length || tabs.some((button) => button.dataset.tab === name) ? name : 'asking';
  const shown = tabs.length ? tab : 'asking'; // without a video one can only ask
  if (document.documentElement.dataset.tab !== shown) document.documentElement.dataset.tab = shown;
  for (const button of tabs) {
    const on = button.dataset.tab === tab;
    if ((button.getAttribute('aria-selected') === 'true') === on) continue;
    button.setAttribute('aria-selected', on);
    button.tabIndex = on ? 0 : -1;
  }
}
onRender(() => {
  choose(tab);
  const asking = find('#lr-asking'); // a column of the page's framework takes no role
  const role = find('#lr-tab-asking') ? 'tabpanel' : 'group';
  if (!asking || asking.getAttribute('role') === role) return;
  asking.setAttribute('role', role);
  asking.setAttribute('aria-label', 'Ask');
});

export function showTab(name) {
  choose(name);
  address({ tab: tab === 'asking' ? '' : tab });
}

function pick(button) {
  showTab(button.dataset.tab);
  button.focus();
}

document.addEventListener('keydown', (event) => {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!step || event.target.getAttribute('role') !== 'tab') return;
  const tabs = all('[role=tab]');
  pick(tabs[(tabs.indexOf(event.target) + step + tabs.length) % tabs.length]);
});

// A message that fades

let fading = 0;
export function toast(text) {
  window.clearTimeout(fading);
  let line = find('#lr-toast-text');
  if (!line) {
    line = element('p', { id: 'lr-toast-text' });
    find('#lr-toasts').append(line);
  }
  line.textContent = text;
  fading = window.setTimeout(() => line.remove(), 6000);
}

// Copying

export async function copy(text, done) {
  try {
    await navigator.clipboard.writeText(text);
    toast(done);
  } catch {
    toast(`Copy this: ${text}`); // an address without encryption may not write to the clipboard
  }
}

actions.line = async (button) => {
  await copy(button.dataset.line, 'Copied.');
  button.focus();
};

// Ticking all videos with a tag

actions.tick = (button) => {
  for (const box of button.closest('fieldset').querySelectorAll('[data-tags]')) {
    if (box.checked || !JSON.parse(box.dataset.tags).includes(button.dataset.tick)) continue;
    box.checked = true;
    for (const name of ['input', 'change']) box.dispatchEvent(new Event(name, { bubbles: true }));
  }
};

// Searching in a list

export function filter(input) {
  const words = input.value.trim().toLowerCase();
  const items = all(input.dataset.filter);
  const hits = items.filter((item) => item.textContent.toLowerCase().includes(words));
  const matching = new Set(hits);
  for (const item of items) if (item.hidden === matching.has(item)) item.hidden = !matching.has(item);
  const count = input.parentElement.querySelector('.lr-count');
  const text = words ? `${hits.length} of ${items.length}` : '';
  if (count.textContent !== text) count.textContent = text;
  highlight(words, hits);
}

function highlight(words, items) {
  if (!CSS.highlights) return;
  const ranges = [];
  for (const item of words ? items.slice(0, 200) : []) {
    const walker = document.createTreeWalker(item, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const at = node.data.toLowerCase().indexOf(words);
      if (at < 0) continue;
      const range = new Range();
      range.setStart(node, at);
      range.setEnd(node, Math.min(node.length, at + words.length));
      ranges.push(range);
    }
  }
  CSS.highlights.set('lr-hit', new Highlight(...ranges));
}

document.addEventListener('input', ({ target }) => {
  if (!target.dataset.filter) return;
  filter(target);
  if (target.value.trim()) for (const hit of all(target.dataset.filter)) hit.closest('details')?.setAttribute('open', '');
});

document.documentElement.dataset.view = viewNow();
document.documentElement.dataset.tab = param('video') ? tab : 'asking';
