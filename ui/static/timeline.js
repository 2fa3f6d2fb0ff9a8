// Below the player, on the scale of its bar: the loudness, the scenes, and a preview at the pointer.
import { find, all, opened, player, onRender, call, actions, element, clock } from './page.js';
import { current, wholeS } from './player.js';

const POINTS = 1000;
const REST_MS = 60;
const LEAST_PX = 64; // narrower pictures are unrecognizable

// Loudness: the loudest part fills the height; the power makes quiet speech visible

function outline(step, peaks) {
  const most = Math.max(...peaks, 1e-3);
  const edge = (sign) => peaks.map((peak, n) =>
    `${((n + 0.5) * step).toFixed(2)} ${(1 + sign * Math.max(0.03, 0.95 * (peak / most) ** 0.7)).toFixed(3)}`);
  return `M0 1L${edge(-1).join('L')}L${(peaks.length * step).toFixed(2)} 1L${edge(1).reverse().join('L')}z`;
}

function drawing(path) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', `0 0 ${wholeS()} 2`);
  svg.setAttribute('preserveAspectRatio', 'none');
  const shape = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  shape.setAttribute('d', path);
  svg.append(shape);
  return svg;
}

async function drawSound(track) {
  track.dataset.drawn = 'true';
  try {
    const { step_s: step, peaks } = await call('GET', `/videos/${track.dataset.wave}/waveform?points=${POINTS}`);
    if (peaks.length) {
      const path = outline(step, peaks);
      track.replaceChildren(drawing(path), drawing(path));
      return;
    }
    track.textContent = 'No sound';
  } catch (error) {
    track.textContent = error.message;
  }
  track.classList.add('lr-nosound');
  track.removeAttribute('aria-hidden');
}

// Scenes: each with its first key frame; if there is no room for all, some at even distances

let read = { text: null, scenes: [] };

function scenes() {
  const text = find('.lr-strip')?.dataset.scenes || '';
  if (read.text !== text) {
    read = { text, scenes: text.split(' ').filter(Boolean).map((one) => one.split(':').map(Number)) };
  }
  return read.scenes;
}

const at = (places, time) => places.findLast(([start]) => start <= time) || places[0];
const thumbnail = (frame) => `v1/videos/${opened()}/thumbnail?t=${frame.toFixed(3)}`;

function thinned(most) {
  const whole = wholeS();
  if (scenes().length <= most) return scenes();
  return [...new Set([...Array(most).keys()].map((n) => at(scenes(), (n * whole) / most)))];
}

function drawScenes(strip) {
  const most = Math.floor(strip.clientWidth / LEAST_PX);
  if (!most || Number(strip.dataset.most) === most) return;
  strip.dataset.most = most;
  const whole = wholeS();
  const shown = thinned(most);
  const end = (n) => (n + 1 < shown.length ? shown[n + 1][0] : whole);
  strip.replaceChildren(...shown.map(([start, frame], n) => element('i', {
    style: `left:${(100 * start) / whole}%;width:${(100 * (end(n) - start)) / whole}%;background-image:url(${thumbnail(frame)})`,
  })));
}

const sizes = new ResizeObserver((changes) => changes.forEach((change) => drawScenes(change.target)));

// The lanes are closed until someone opens them; the browser remembers it

const STORED = 'longreel-lanes';
const root = document.documentElement;

function showLanes(open) {
  root.toggleAttribute('data-lanes', open);
  for (const button of all('button[data-lanes]')) {
    if (button.getAttribute('aria-expanded') !== String(open)) button.setAttribute('aria-expanded', open);
  }
  if (open) for (const track of all('.lr-wave:not([data-drawn])')) drawSound(track);
}

actions.lanes = () => {
  showLanes(!root.hasAttribute('data-lanes'));
  localStorage.setItem(STORED, root.hasAttribute('data-lanes') ? 'open' : '');
};
showLanes(localStorage.getItem(STORED) === 'open');

onRender(() => {
  showLanes(root.hasAttribute('data-lanes'));
  for (const strip of all('.lr-strip:not([data-watched])')) {
    strip.dataset.watched = 'true';
    sizes.observe(strip);
  }
});

// The preview at the pointer, or at the bar's position while it has the focus: picture, chapter, time

let settling = 0;

// Only where the pointer rests: a sweep over a long video would request hundreds of pictures
function picture(image, time) {
  window.clearTimeout(settling);
  const scene = at(scenes(), time);
  image.hidden = !scene;
  if (!scene || image.getAttribute('src') === thumbnail(scene[1])) return;
  settling = window.setTimeout(() => (image.src = thumbnail(scene[1])), REST_MS);
}

function peek(time) {
  const timeline = find('#lr-lanes .lr-timeline');
  const track = find('.lr-seek');
  let shown = find('.lr-peek');
  if (!shown) {
    shown = element('div', { class: 'lr-peek', 'aria-hidden': 'true' }, element('img', { alt: '' }), element('b'), element('time'));
    timeline.append(shown);
  }
  const [image, name, time_] = shown.children;
  const pointed = current(all('.lr-division'), time);
  picture(image, time);
  name.textContent = pointed?.dataset.name || '';
  time_.textContent = clock(time);
  shown.hidden = false;
  const [outer, inner] = [timeline.getBoundingClientRect(), track.getBoundingClientRect()];
  const x = inner.left - outer.left + (inner.width * time) / wholeS();
  const half = shown.offsetWidth / 2;
  shown.style.left = `${Math.min(outer.width - half, Math.max(half, x))}px`;
  for (const part of all('.lr-division')) part.toggleAttribute('data-pointed', part === pointed);
}

function unpeek() {
  const shown = find('.lr-peek');
  if (!shown || shown.hidden) return;
  shown.hidden = true;
  for (const part of all('.lr-division[data-pointed]')) part.removeAttribute('data-pointed');
}

document.addEventListener('pointermove', (event) => {
  const track = event.target.closest?.('#lr-lanes :is(.lr-seek, [data-seek])');
  if (!track) {
    unpeek();
    return;
  }
  const box = track.getBoundingClientRect();
  peek(Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)) * wholeS());
});
document.documentElement.addEventListener('pointerleave', unpeek);
document.addEventListener('pointerup', (event) => event.pointerType === 'touch' && unpeek());
document.addEventListener('longreel:time', ({ detail }) => find('.lr-seek:focus-visible') && peek(detail.time));
document.addEventListener('focusin', (event) => event.target.matches('.lr-seek:focus-visible') && peek(player().currentTime));
document.addEventListener('focusout', (event) => event.target.matches('.lr-seek') && unpeek());
document.addEventListener('keydown', (event) => event.key === 'Escape' && unpeek());
