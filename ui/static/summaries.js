// Summaries on demand, of the open video and of a collection; editing chapters, naming speakers.
import { find, emit, opened, param, address, onRender, call, actions, element, clock, secondsOf, toast } from './page.js';

// The address holds the summary's options, so that a reload shows it again, from the server's store

let again = param('summary');
let wasSent = false;

function summarize(form) {
  const { length, style, language } = Object.fromEntries(new FormData(form));
  address({ summary: [length, style, language.trim()].join('.') });
  wasSent = true;
  emit('summarize', { video: opened(), length, style, language: language.trim() });
}

function askAgain(form) {
  const [length, style, language = ''] = again.split('.');
  again = '';
  const options = { length, style, language };
  for (const [name, value] of Object.entries(options)) form.querySelector(`[name=${name}]`).value = value;
  summarize(form);
}

onRender(() => {
  const form = find('#lr-summarize');
  if (!form || !opened()) return;
  if (again) return askAgain(form);
  const button = form.querySelector('button');
  if (!wasSent || button.disabled) return;
  wasSent = false;
  if (document.activeElement === document.body) button.focus();
});

document.addEventListener('submit', (event) => {
  if (event.target.id !== 'lr-summarize') return;
  event.preventDefault();
  summarize(event.target);
});

// The summary of a collection: the address holds its options too, and it is fetched wherever its place is empty

let isAwaited = false; // sent, and nothing of it is shown yet

function together(form) {
  const { collection, length, style, language } = Object.fromEntries(new FormData(form));
  address({ together: [collection, length, style, language.trim()].join('.') });
  isAwaited = true;
  emit('together', { collection, length, style, language: language.trim() });
}

onRender(() => {
  const form = find('#lr-together-form');
  if (!form || !param('together')) return;
  if (find('.lr-together').childElementCount) isAwaited = false;
  else if (!isAwaited) togetherAgain(form);
});

function togetherAgain(form) {
  const [collection, length, style, language = ''] = param('together').split('.');
  for (const [name, value] of Object.entries({ collection, length, style, language })) {
    form.querySelector(`[name=${name}]`).value = value;
  }
  if (find('#lr-together-collection').value) together(form);
  else address({ together: '' });
}

document.addEventListener('submit', (event) => {
  if (event.target.id !== 'lr-together-form') return;
  event.preventDefault();
  together(event.target);
});

// Chapters: the list becomes a form

function row(start, title) {
  const time = element('input', { size: '8', required: '', 'aria-label': 'Begins at', value: clock(start) });
  time.dataset.exact = start;
  const name = element('input', { required: '', maxlength: '300', 'aria-label': 'Title', value: title });
  const drop = element('button', { type: 'button', class: 'lr-small', 'aria-label': `Remove ${title || 'this'}` }, '✕');
  const item = element('li', {}, time, name, drop);
  drop.onclick = () => item.remove();
  return item;
}

function markFirst(list) {
  const first = list.querySelector('li');
  if (!first) return;
  first.querySelector('input').readOnly = true;
  first.querySelector('button').disabled = true;
}

function edit(button) {
  const list = find('#lr-chapters .lr-lines');
  const rows = element('ol', { class: 'lr-headings' });
  for (const line of list.querySelectorAll('.lr-line')) {
    rows.append(row(Number(line.dataset.t), line.querySelector('b').textContent));
  }
  markFirst(rows);
  const at = () => find('#lr-player video').currentTime;
  const add = element('button', { type: 'button', class: 'lr-small' }, 'Add one at ', element('span', { class: 'lr-now-at' }));
  add.lastChild.textContent = clock(at());
  add.onclick = () => {
    const added = row(at(), '');
    const later = [...rows.children].find((one) => startOf(one.querySelector('input')) > at());
    rows.insertBefore(added, later || null);
    added.querySelectorAll('input')[1].focus();
  };
  const leave = element('button', { type: 'button', class: 'lr-small' }, 'Cancel');
  const save = element('button', { type: 'submit', class: 'lr-main' }, 'Save');
  const problem = element('p', { class: 'lr-problem', role: 'alert', hidden: '' });
  const form = element('form', { id: 'lr-heading-form', 'aria-label': 'Edit chapters', novalidate: '' }, rows, problem);
  form.append(element('p', { class: 'lr-send' }, save, leave, add));
  form.dataset.of = list.dataset.of;
  leave.onclick = () => {
    form.remove();
    list.hidden = button.parentElement.hidden = false;
    button.focus();
  };
  list.hidden = button.parentElement.hidden = true;
  list.before(form);
  rows.querySelectorAll('input')[1].focus();
}

function startOf(input) {
  if (input.value.trim() === clock(Number(input.dataset.exact))) return Number(input.dataset.exact);
  return secondsOf(input.value);
}

async function save(form) {
  const problem = form.querySelector('.lr-problem');
  const chapters = [...form.querySelectorAll('li')].map((item) => {
    const [time, title] = item.querySelectorAll('input');
    return { start_s: startOf(time), title: title.value.trim() };
  });
  const wrong = chapters.find((one) => !Number.isFinite(one.start_s) || !one.title);
  try {
    if (wrong) throw new Error('Give each chapter a time such as 1:23 and a title.');
    await call('PUT', `/videos/${form.dataset.of}/chapters`, { chapters });
    toast('The chapters are saved.');
    emit('chapters', { video: form.dataset.of });
  } catch (error) {
    problem.textContent = error.message;
    problem.hidden = false;
  }
}

actions.edit = edit;
document.addEventListener('submit', (event) => {
  if (event.target.id !== 'lr-heading-form') return;
  event.preventDefault();
  save(event.target);
});

// Speakers

let isNaming = false;

async function nameSpeaker(form) {
  const { of, speaker } = form.dataset;
  try {
    const body = { name: form.querySelector('input').value.trim() };
    await call('PATCH', `/videos/${of}/speakers/${encodeURIComponent(speaker)}`, body);
    toast('The name is saved.');
    isNaming = true;
    emit('chapters', { video: of });
  } catch (error) {
    toast(error.message);
  }
}

onRender(() => {
  const list = isNaming && find('.lr-voices:not([open])');
  if (!list) return;
  isNaming = false;
  list.open = true; // it was open before the names were redrawn
});

document.addEventListener('submit', (event) => {
  if (!event.target.matches('.lr-voice')) return;
  event.preventDefault();
  nameSpeaker(event.target);
});
