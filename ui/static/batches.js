// Batches: what one costs before it starts, and its progress.
import { find, all, emit, onRender, call, actions, toast, problemIn } from './page.js';
import { stageText } from './queue.js';

const shown = () => document.documentElement.dataset.view === 'batches';
const ticked = new Set();
const complain = problemIn('#lr-batch-problem');

function request() {
  const form = find('#lr-batch');
  const fields = new FormData(form);
  const questions = String(fields.get('questions')).split('\n').map((line) => line.trim()).filter(Boolean);
  return {
    videos: fields.getAll('videos'),
    questions,
    length: fields.get('length'),
    style: fields.get('style'),
    language: String(fields.get('language')).trim() || null,
    formats: fields.getAll('formats'),
  };
}

// The cost, a moment after the last change

let asking = 0;
let number = 0;

const minutes = (seconds) => (seconds < 90 ? `${Math.ceil(seconds)} seconds` : `${Math.round(seconds / 60)} minutes`);
const count = (value, noun) => `${value} ${noun}${value === 1 ? '' : 's'}`;

function costText(cost) {
  const parts = [`${count(cost.videos, 'video')}, ${minutes(cost.known_s + cost.new_s)} long`];
  if (cost.new) parts.push(`${cost.new} of them still to be processed (${minutes(cost.new_s)})`);
  const size = cost.disk_bytes ? `, ${(cost.disk_bytes / 1e6).toFixed(0)} MB of disk` : '';
  return `${parts.join('; ')}. It takes about ${minutes(cost.work_s)}${size} and ${cost.tokens.toLocaleString('en')} tokens.`;
}

async function estimate() {
  const mine = ++number;
  const batch = request();
  const start = find('#lr-batch [type=submit]');
  complain('');
  let text = 'Tick videos to see an estimate.';
  try {
    if (batch.videos.length) text = costText(await call('POST', '/batches/cost', batch));
  } catch (error) {
    complain(error.message);
    text = '';
  }
  if (mine !== number) return;
  find('#lr-cost').textContent = text;
  start.disabled = !batch.videos.length || !text;
}

function later() {
  window.clearTimeout(asking);
  asking = window.setTimeout(estimate, 250);
}

document.addEventListener('input', (event) => {
  if (!event.target.closest('#lr-batch')) return;
  const boxes = all('#lr-batch [name=videos]');
  if (event.target.id === 'lr-every') for (const box of boxes) box.checked = event.target.checked;
  ticked.clear();
  for (const box of boxes) if (box.checked) ticked.add(box.value);
  find('#lr-every').checked = boxes.every((box) => box.checked);
  later();
});

async function start() {
  try {
    await call('POST', '/batches', request());
    complain('');
    toast('The batch has started.');
  } catch (error) {
    complain(error.message);
  }
  look();
}

document.addEventListener('submit', (event) => {
  if (event.target.id !== 'lr-batch') return;
  event.preventDefault();
  start();
});

// Progress

let timer = 0;
let known = null;

function draw(batch) {
  const section = find(`[data-batch="${batch.id}"]`);
  if (!section) return;
  section.querySelector('progress').value = batch.done_share;
  for (const child of batch.children) {
    const line = section.querySelector(`[data-job="${child.id}"][data-state=running] .lr-stage`);
    const text = stageText(child);
    if (line && line.textContent !== text) line.textContent = text;
  }
}

async function look() {
  window.clearTimeout(timer);
  if (!shown()) return;
  let items = null;
  try {
    items = await call('GET', '/batches?limit=20');
  } catch {
    timer = window.setTimeout(look, 5000);
    return;
  }
  const now = items.map((one) => [one.id, one.state, ...one.children.map((child) => child.state)].join()).join(';');
  if (now !== known) emit('batches');
  known = now;
  const active = items.filter((one) => ['queued', 'running'].includes(one.state));
  active.forEach(draw);
  timer = window.setTimeout(look, active.length ? 1000 : 5000);
}

async function act(method, path) {
  try {
    await call(method, path);
  } catch (error) {
    complain(error.message);
  }
  look();
}

actions.endbatch = ({ dataset }) => act('DELETE', `/batches/${dataset.endbatch}`);
actions.againbatch = ({ dataset }) => act('POST', `/batches/${dataset.againbatch}/retry`);
actions.dismissbatch = ({ dataset }) => act('POST', `/jobs/${dataset.dismissbatch}/dismiss`);

let wasShown = false;
onRender(() => {
  for (const box of all('#lr-batch [name=videos]')) if (ticked.has(box.value)) box.checked = true;
  if (shown() === wasShown) return;
  wasShown = shown();
  if (wasShown) look();
});
