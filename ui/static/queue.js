// The queue: the progress of each job, the order of waiting ones, and whether the server answers at all.
import { find, emit, opened, onRender, notice, call, actions, element, duration, toast } from './page.js';

const BUSY_MS = 1000;
const GONE_MS = 2000;
const IDLE_MS = 5000; // another tab may add videos
const changed = () => emit('changed', { video: opened() });

export async function act(method, path, body) {
  try {
    await call(method, path, body);
    notice('');
    return true;
  } catch (error) {
    notice(error.message);
    return false;
  } finally {
    look();
  }
}

// Following

let timer = 0;
let known = '';

function follow(wait) {
  window.clearTimeout(timer);
  timer = window.setTimeout(poll, wait);
}
export function look() {
  changed();
  follow(300);
}

const stageName = (stage) => JSON.parse(find('.lr-queue')?.dataset.stages || '{}')[stage] || stage;

export function stageText(job) {
  const event = job.progress;
  if (job.cancel_requested) return 'Stopping';
  if (job.state === 'queued') return job.error ? `${job.error.message} Trying again soon.` : 'Waiting for its turn';
  if (!event || !event.stage) return 'Starting';
  const parts = [stageName(event.stage)];
  if (job.done_share !== null) parts.push(`${Math.floor(job.done_share * 100)} %`);
  if (event.speed) parts.push(`${event.speed.toFixed(1)}× real time`);
  if (event.left_s) parts.push(`about ${duration(event.left_s)} left`);
  return parts.join(' · ');
}

function draw(job) {
  const item = find(`#lr-queue [data-job="${job.id}"]`);
  if (!item || item.dataset.state === 'failed') return;
  const bar = item.querySelector('progress');
  if (job.done_share === null) bar?.removeAttribute('value');
  else if (bar) bar.value = job.done_share;
  const text = stageText(job);
  const line = item.querySelector('.lr-stage');
  if (line.textContent !== text) line.textContent = text;
}

async function poll() {
  let jobs = null;
  try {
    const parts = ['limit=50', 'limit=50&state=running'].map((part) => call('GET', `/jobs?kind=ingest&${part}`));
    const [newest, running] = await Promise.all(parts);
    jobs = new Map([...newest, ...running].map((job) => [job.id, job])); // the oldest of many are processed first
    isGone(false);
  } catch (error) {
    if (error.isGone) isGone(true);
    follow(GONE_MS);
    return;
  }
  const now = [...jobs.values()].map((job) => `${job.id} ${job.state} ${job.priority}`).join();
  if (now !== known) changed();
  known = now;
  const active = [...jobs.values()].filter((job) => ['queued', 'running'].includes(job.state));
  active.forEach(draw);
  follow(active.length ? BUSY_MS : IDLE_MS);
}

follow(1500);

// A server that went away

function isGone(gone) {
  const line = find('#lr-gone');
  if (!line || line.hidden === !gone) return;
  line.hidden = !gone;
  if (gone) return;
  notice('');
  toast('The server is back.');
  emit('back');
  look();
}

// Missing parts, with a link to the status view

async function check() {
  const { checks } = await call('GET', '/status');
  const wrong = checks.filter((one) => !one.ok).length;
  const link = find('a[data-view=status]');
  if (link && wrong) link.append(element('small', { class: 'lr-problem' }, ` ${wrong} to fix`));
}
window.setTimeout(() => check().catch(() => {}), 3000); // a message above says if the server does not answer

async function dismiss(path) {
  if (await act('POST', path)) toast('Dismissed. The videos stay.');
}

actions.cancel = ({ dataset }) => act('DELETE', `/jobs/${dataset.cancel}`);
actions.retry = ({ dataset }) => act('POST', `/jobs/${dataset.retry}/retry`);
actions.dismiss = ({ dataset }) => dismiss(`/jobs/${dataset.dismiss}/dismiss`);
actions.dismissended = () => dismiss('/jobs/dismiss?kind=ingest');
actions.look = ({ dataset }) => act('POST', `/schedules/${dataset.look}/run`);
actions.unwatch = ({ dataset }) => act('DELETE', `/schedules/${dataset.unwatch}`);

actions.top = async ({ dataset }) => {
  const title = find(`#lr-queue [data-job="${dataset.top}"] b`).textContent;
  if (await act('POST', `/jobs/${dataset.top}/next`)) find('#lr-announce').textContent = `${title} is number 1 in the queue.`;
};

// The log of a job, while it is open

let log = null; // { id, source }
const texts = {
  stage_started: (event) => `${stageName(event.stage)} ...`,
  stage_finished: (event) => `${stageName(event.stage)}: ${duration(event.seconds)}. ${event.detail}`,
  ingest_finished: () => 'Ready for questions.',
  warned: (event) => event.message,
  failed: (event) => event.message,
};

function closeLog() {
  log?.source.close();
  log = null;
}

function openLog(list, id) {
  closeLog();
  list.replaceChildren();
  const source = new EventSource(`v1/jobs/${id}/events`);
  log = { id, source };
  const append = ({ type, data }) => {
    const event = JSON.parse(data);
    const line = element('li', { 'data-stage': event.stage || '' }, texts[type](event).trim());
    if (type === 'stage_finished') line.classList.add('lr-done');
    const begun = find(`#lr-log-${id} [data-stage="${event.stage}"]:not(.lr-done)`);
    if (begun && type === 'stage_finished') begun.replaceWith(line);
    else find(`#lr-log-${id}`)?.append(line);
  };
  for (const type of Object.keys(texts)) source.addEventListener(type, append);
  source.addEventListener('end', closeLog);
}

onRender(() => {
  const list = log && find(`#lr-log-${log.id}`);
  if (list) list.closest('details').open = true; // it was open before the list was redrawn
  else if (log) closeLog();
});

document.addEventListener('toggle', (event) => {
  const list = event.target.querySelector?.('.lr-log');
  if (!list) return;
  if (event.target.open) openLog(list, list.dataset.of);
  else if (log?.id === list.dataset.of) closeLog();
}, true);
