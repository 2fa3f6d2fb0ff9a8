// Asking: the question form, where to look, and the rating of an answer.
import { find, all, emit, opened, param, address, goTo, onRender, call, actions, showTab, secondsOf, problemIn } from './page.js';
import { takePart } from './parts.js';

let number = 0; // of the last question
let sent = 0; // the question that the server has not started on yet
let chosen = { scope: '', videos: new Set() };
let filled = false;
let joined = false;
let lastQuestion = '';
let requested = param('run') || param('answer'); // the run or answer that the server was last asked for
const [ASKED, DRAFT] = ['longreel-asked', 'longreel-draft']; // what a reload of this tab finds again
const LONGEST = 2000; // characters of a question
const LONGEST_SHOWN = 300; // of a question in the address, which proxies cut off or refuse when it is long

const complain = problemIn('#lr-ask-problem');
const busy = () => Boolean(sent || find('#lr-answer [aria-busy]'));

function write(text) {
  find('#lr-ask').value = text;
  sessionStorage.setItem(DRAFT, text);
}

function ask(question) {
  if (!find('[name=scope]')) {
    complain('The page is still loading; the question is sent when it is ready.'); // loading would cover the answer
    return window.setTimeout(() => ask(question), 200);
  }
  const scope = find('[name=scope]:checked')?.value || 'all';
  const some = all('[name=video]:checked').map((box) => box.value);
  const length = [...question.trim()].length;
  if (busy()) return length && complain('Another question is being answered. Wait for it, or press Stop.');
  if (scope === 'some' && !some.length) return complain('Tick at least one video, or ask about all.');
  const options = readOptions();
  if (options.fault) {
    find('#lr-wishes').open = true;
    return complain(options.fault);
  }
  if (!length) return complain('Type a question first, such as: what does the speaker say about the budget?');
  if (length > LONGEST) return complain(`Shorten the question to ${LONGEST} characters; it has ${length}.`);
  complain('');
  const run = newRun();
  requested = run;
  joined = true; // the first render must not rejoin this run before it has arrived
  lastQuestion = question.trim();
  address({ q: inAddress(lastQuestion), answer: '', run }, Boolean(param('answer')));
  goTo('ask', false);
  showTab('asking');
  write(''); // the question is above its answer
  const part = takePart();
  const videos = part ? [part.video] : { this: [opened()], some, all: [] }[scope];
  const thread = options.alone ? '' : param('thread');
  const asked = { question, run, options: find('#lr-choices').value, videos, thread, box: part?.box, ...options };
  sessionStorage.setItem(ASKED, JSON.stringify(asked));
  stream('ask', asked);
  return null;
}

function stream(name, detail) {
  sent = ++number;
  emit(name, { ...detail, number });
  follow();
}

// What a server that restarted, or never got it, does not know is asked once more; it resumes where it was
function askAgain() {
  const asked = JSON.parse(sessionStorage.getItem(ASKED));
  sessionStorage.removeItem(ASKED);
  if (!asked || asked.run !== param('run')) return false;
  stream('ask', asked);
  return true;
}

const inAddress = (question) => (question.length > LONGEST_SHOWN ? '' : question);

// A question goes on at the server when the page is reloaded or loses the connection; its run is in the address.

const newRun = () => [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16).padStart(2, '0')).join('');

function rejoin() {
  if (!param('run')) return;
  requested = param('run');
  stream('rejoin', { run: requested });
}

// The question goes on at the server; its answer will be among those asked before. The server stops showing it here.
function leave() {
  sent = 0;
}

actions.open = ({ dataset: { open: video } }) => {
  if (opened() === video) return goTo('ask');
  leave();
  address({ video, t: '', view: '', answer: '', thread: '', q: '', run: '', summary: '' }, true);
  goTo('ask', false);
  return emit('open', { video, number });
};

window.addEventListener('popstate', () => {
  const [video, answer, run] = ['video', 'answer', 'run'].map(param);
  const [isOpen, wanted] = [video === opened(), run || answer];
  if (isOpen && wanted === requested) return;
  leave();
  requested = wanted;
  const place = { answer, thread: param('thread'), number };
  if (!isOpen) emit('open', { video, t: param('t'), keep: Boolean(run), ...place });
  else if (!run) emit('thread', place);
  rejoin();
});

function cancel(run, tries) {
  const again = () => tries && window.setTimeout(() => cancel(run, tries - 1), 1000); // it may not have arrived yet
  call('DELETE', `/questions/${run}`).catch(again);
}

let hiddenSince = 0;
document.addEventListener('visibilitychange', () => {
  if (document.hidden) hiddenSince = Date.now();
  else if (hiddenSince && Date.now() - hiddenSince > 3000) rejoin();
});
window.addEventListener('online', rejoin);
document.addEventListener('longreel:back', rejoin);
document.addEventListener('longreel:refused', () => {
  if (!sent) return;
  sent = 0;
  sessionStorage.removeItem(ASKED); // or a reload sends it again
  address({ run: '' });
  restore();
  follow();
  complain('The server did not accept the question. Tick fewer videos or shorten the options, then ask again.');
});

function follow() {
  for (const button of all('#lr-question .lr-main')) if (button.disabled !== busy()) button.disabled = busy();
  for (const button of all('[data-stop]')) if (button.disabled === busy()) button.disabled = !busy();
}

document.addEventListener('submit', (event) => {
  if (event.target.id !== 'lr-question') return;
  event.preventDefault();
  ask(find('#lr-ask').value);
});
document.addEventListener('keydown', (event) => {
  if (event.target.id !== 'lr-ask' || event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  if (!event.repeat) ask(event.target.value);
});

// What was not answered can be asked again
function restore() {
  if (!find('#lr-ask').value) write(lastQuestion || param('q'));
}

actions.ask = (element) => ask(element.dataset.ask);
actions.stop = (_, event) => {
  if (event.detail > 1) return; // the second click of two on Ask, whose place Stop has taken
  const run = param('run');
  sent = 0;
  restore();
  address({ run: '' });
  emit('stop', { number });
  if (run) cancel(run, 3);
};
actions.show = ({ dataset: { show: answer, question } }) => {
  leave();
  requested = answer;
  address({ q: inAddress(question), run: '', answer }, true);
  emit('show', { answer, thread: param('thread'), number });
};

// Options: a person's choices for every question, stored in this browser

const STORED = 'longreel-wishes';
const SOURCES = ['speech', 'screen_text', 'visual'];
const optionInputs = () => all('#lr-wishes input');
const isDefault = (input) => (input.type === 'checkbox' ? input.checked === input.defaultChecked : !input.value.trim());

function readOptions() {
  const form = find('#lr-question');
  const [from, to] = [form.from, form.to].map((input) => (input.value.trim() ? secondsOf(input.value) : null));
  const sources = SOURCES.filter((name) => form[name].checked);
  let fault = '';
  if (!sources.length) fault = 'Options: answer from at least one of what is said, written and shown.';
  if (!form.from.checkValidity() || !form.to.checkValidity()) fault = 'Options: write times as 12:30 or 1:02:30.';
  else if (to !== null && to <= (from ?? 0)) fault = 'Options: the end must come after the start.';
  if (!form.steps.checkValidity()) fault = 'Options: write 1 to 64 steps.';
  if (!form.seconds.checkValidity()) fault = 'Options: write whole seconds, at least 1.';
  const [steps, limit] = [form.steps, form.seconds].map((input) => (input.value ? Number(input.value) : null));
  const chosenSources = sources.length < SOURCES.length ? sources : [];
  return { fault, from, to, steps, seconds: limit, alone: form.alone.checked, sources: chosenSources };
}

function countChanged() {
  const count = optionInputs().filter((input) => !isDefault(input)).length;
  const text = count ? `(${count} changed)` : '';
  if (find('#lr-wished').textContent !== text) find('#lr-wished').textContent = text;
}

function storeOptions() {
  const changed = optionInputs().filter((input) => !isDefault(input)).map((input) => [input.name, input.value]);
  localStorage.setItem(STORED, JSON.stringify(Object.fromEntries(changed)));
  countChanged();
}

function loadOptions() {
  let stored = {};
  try {
    stored = JSON.parse(localStorage.getItem(STORED)) || {};
  } catch {
    localStorage.removeItem(STORED);
  }
  for (const input of optionInputs()) {
    if (input.type === 'checkbox') input.checked = input.defaultChecked !== (input.name in stored);
    else input.value = stored[input.name] || '';
  }
  countChanged();
}

actions.unwish = () => {
  localStorage.removeItem(STORED);
  loadOptions();
  complain('');
};
document.addEventListener('input', ({ target }) => {
  if (target.closest('#lr-wishes')) storeOptions();
  if (target.id === 'lr-ask') sessionStorage.setItem(DRAFT, target.value);
});

// Conversations

function talk(thread) {
  if (busy()) return complain('Another question is being answered. Wait for it, or press Stop.');
  complain('');
  requested = '';
  address({ thread, answer: '', q: '', run: '' }, true);
  write('');
  find('#lr-ask').focus();
  emit('thread', { thread, number });
  return null;
}

actions.fresh = () => talk('');
actions.thread = ({ dataset }) => talk(dataset.thread);
actions.forget = async ({ dataset }) => {
  try {
    await call('DELETE', `/threads/${dataset.forget}`);
    emit('threads', { thread: param('thread') });
  } catch (error) {
    complain(error.message);
  }
};

// Where to look: ticks survive a new list of videos

document.addEventListener('change', (event) => {
  if (event.target.name === 'scope') chosen.scope = event.target.value;
  if (event.target.name === 'video') chosen.videos[event.target.checked ? 'add' : 'delete'](event.target.value);
  scope();
});

function scope() {
  const radio = find(`[name=scope][value="${chosen.scope}"]`);
  if (radio && !radio.disabled && !radio.checked) radio.checked = true;
  for (const box of all('[name=video]')) if (chosen.videos.has(box.value)) box.checked = true;
  const list = find('.lr-some');
  if (list) list.hidden = find('[name=scope]:checked')?.value !== 'some';
}

// On a phone the window scrolls, elsewhere the conversation alone
function bringUp(answer) {
  const turns = find('#lr-turns');
  if (getComputedStyle(turns).overflowY === 'visible') answer.scrollIntoView({ block: 'start' });
  else turns.scrollTop += answer.getBoundingClientRect().top - turns.getBoundingClientRect().top;
}

let ended = 0; // the number of the last question that was answered, or failed
let seen = ''; // the answer that is already in the address
onRender(() => {
  scope();
  const asked = find('#lr-answer [data-asked]');
  if (asked?.dataset.asked === String(sent)) sent = 0;
  if (Number(asked?.dataset.asked) > ended && !asked.querySelector('[aria-busy]')) {
    ended = Number(asked.dataset.asked);
    if (asked.querySelector('section')) bringUp(asked);
    else if (!asked.querySelector('[data-ended=unknown]') || !askAgain()) restore();
  }
  follow();
  if (find('#lr-answer [data-ended]') && !sent) address({ run: '' });
  const { answer = '', thread = '', question } = find('#lr-answer section')?.dataset || {};
  if (seen !== answer + thread) {
    seen = answer + thread;
    // the question comes with its answer, so that the address never pairs two that do not belong together
    if (answer && !sent && ['', answer].includes(param('answer'))) {
      requested = answer;
      address({ answer, run: '', q: inAddress(question), ...(thread && { thread }) });
    }
  }
  for (const line of all('.lr-conversation [data-show]')) {
    const now = line.dataset.show === answer;
    if (now && !line.hasAttribute('aria-current')) line.setAttribute('aria-current', 'true');
    else if (!now) line.removeAttribute('aria-current');
  }
  if (!filled && find('#lr-ask')) {
    filled = true;
    loadOptions();
    const unasked = param('answer') || param('run') ? '' : param('q');
    find('#lr-ask').value = sessionStorage.getItem(DRAFT) || unasked;
  }
  if (!joined && find('[name=scope]')) {
    joined = true; // not earlier: what the page first loads would cover the answer
    if (!param('answer')) rejoin();
  }
});

// Ratings

async function rate(box, verdict, note) {
  const line = box.querySelector('[role=status]');
  try {
    await call('PUT', `/answers/${box.dataset.of}/rating`, { verdict, note });
    for (const button of box.querySelectorAll('[data-rate]')) {
      button.setAttribute('aria-pressed', button.dataset.rate === verdict);
    }
    box.querySelector('form').hidden = verdict === 'right' || Boolean(note);
    line.textContent = 'Thank you. Your rating is saved.';
  } catch (error) {
    line.textContent = error.message;
  }
}

actions.rate = (element) => rate(element.closest('.lr-rate'), element.dataset.rate, '');
document.addEventListener('submit', (event) => {
  const box = event.target.closest('.lr-rate');
  if (!box) return;
  event.preventDefault();
  rate(box, box.querySelector('[aria-pressed=true]').dataset.rate, box.querySelector('input').value);
});
