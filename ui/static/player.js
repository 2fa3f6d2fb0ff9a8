// The player: jumps to moments, stops at their end, and updates everything that follows its time.
import { find, all, emit, opened, player, address, goTo, onRender, call, actions, clock } from './page.js';

const short = (seconds) => String(Math.round(seconds * 100) / 100);

// What was played last, and the time of the knob while it is dragged
export const shared = { played: null, dragged: undefined };

let span = null; // the moment that is being played, when it has an end

function jump(video, time, end) {
  span = end > time ? { video, start: time, end } : null;
  if (span) shared.played = span; // stays when the player has stopped
  const other = video !== opened();
  address({ video, t: time ? short(time) : '', view: '', ...(other && { summary: '' }) }, other);
  goTo('ask', false);
  const element = player();
  if (!element || element.dataset.video !== video) {
    emit('open', { video, t: time, play: true, keep: true });
    return;
  }
  element.currentTime = time;
  element.play().catch(() => {}); // the browser may refuse to play by itself; the picture is shown
  find('#lr-player').scrollIntoView({ block: 'nearest', behavior: 'smooth' });
}

let stopping = 0;

// A player reports its time only a few times a second, so near the end a timer checks again
function stopAtEnd(element) {
  window.clearTimeout(stopping);
  if (!span || element.dataset.video !== span.video || element.paused) return;
  const leftMs = (1000 * (span.end - element.currentTime)) / element.playbackRate;
  if (leftMs > 300) return;
  if (leftMs > 0) {
    stopping = window.setTimeout(() => stopAtEnd(element), Math.max(leftMs, 20));
    return;
  }
  element.pause();
  element.currentTime = span.end; // a busy browser wakes up late
}

export function current(items, time) {
  return items.filter((item) => Number(item.dataset.t) <= time + 0.05).pop();
}

function mark(selector, time) {
  const now = current(all(selector), time);
  const before = find(`${selector}[aria-current]`);
  if (now === before) return null;
  before?.removeAttribute('aria-current');
  now?.setAttribute('aria-current', 'true');
  return now;
}

// All bars, strips and lanes share one scale, of this many seconds
export const wholeS = () => Number(find('#lr-lanes .lr-timeline')?.dataset.duration) || player()?.duration || 0;

export function placeKnob(time) {
  const whole = wholeS();
  find('#lr-stage').style.setProperty('--lr-at', `${whole ? Math.min(100, (100 * time) / whole) : 0}%`);
}

export function follow(element, time = element.currentTime) {
  placeKnob(time);
  for (const shown of all('.lr-now-at')) if (shown.textContent !== clock(time)) shown.textContent = clock(time);
  mark('.lr-chapter', time);
  const line = mark('.lr-follows .lr-line', time);
  const list = line?.closest('.lr-lines');
  if (list && !list.matches(':hover, :focus-within')) list.scrollTop = line.offsetTop - list.clientHeight / 2;
  emit('time', { time });
  stopAtEnd(element);
}

const isPlayer = (event) => event.target === player();
document.addEventListener('timeupdate', (event) => isPlayer(event) && follow(event.target, shared.dragged), true);
document.addEventListener('seeking', (event) => {
  const time = event.target.currentTime;
  if (span && isPlayer(event) && (time < span.start - 0.5 || time > span.end + 0.5)) span = null;
}, true);
document.addEventListener('pause', (event) => {
  if (!isPlayer(event)) return;
  if (span) span = null;
  else address({ t: short(event.target.currentTime) });
}, true);
const UNPLAYABLE = 'This browser cannot play the format of this file. Questions, transcript and pictures still work.';
document.addEventListener('error', async (event) => {
  if (!isPlayer(event)) return;
  const line = find('#lr-player .lr-noplay');
  // The video may be deleted, or the server away
  line.textContent = await call('GET', `/videos/${opened()}`).then(() => UNPLAYABLE, (error) => error.message);
  line.hidden = false;
}, true);
document.addEventListener('longreel:back', () => {
  const element = player();
  if (!element?.error) return;
  const { currentTime, paused } = element;
  find('#lr-player .lr-noplay').hidden = true;
  element.autoplay = !paused;
  element.load();
  element.currentTime = currentTime;
});

// The title, the library and the rows of evidence show which video is open

onRender(() => {
  const video = opened();
  const title = player()?.dataset.title;
  const name = title ? `${title} · Longreel` : 'Longreel';
  if (document.title !== name) document.title = name; // setting it always would trigger this again, forever
  for (const card of all('[data-open]')) {
    if (video && card.dataset.open === video) card.setAttribute('aria-current', 'true');
    else card.removeAttribute('aria-current');
  }
  for (const row of all('.lr-row[data-of]')) row.classList.toggle('lr-open', row.dataset.of === video);
});

actions.jump = (element) => jump(element.dataset.jump, Number(element.dataset.t), Number(element.dataset.end));
actions.seek = (element, event) => {
  const box = element.getBoundingClientRect();
  const share = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
  jump(opened(), share * Number(element.closest('[data-duration]').dataset.duration));
};
