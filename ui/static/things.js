// Things that were followed through the video: how often each appears, a lane for each that is chosen, and boxes.
import { find, all, player, onRender, call, actions, element, clock } from './page.js';
import { wholeS } from './player.js';

const NAMED = 3; // in the heading of the list
const APART = 1 / 200; // spans nearer than this share of the video are one button
let known = { video: '', things: [] };
const chosen = new Set(); // the names that have a lane
let boxed = false;

// Where the picture is within the player, which may be wider or higher
export function fit(overlay) {
  const { videoWidth, videoHeight, clientWidth, clientHeight, offsetLeft, offsetTop } = player();
  const scale = Math.min(clientWidth / videoWidth, clientHeight / videoHeight) || 0;
  const [width, height] = [videoWidth * scale, videoHeight * scale];
  const [left, top] = [offsetLeft + (clientWidth - width) / 2, offsetTop + (clientHeight - height) / 2];
  for (const [name, value] of Object.entries({ left, top, width, height })) overlay.style[name] = `${value}px`;
}

export function stretch(node, { left, top, right, bottom }) {
  const sides = { left, top, width: right - left, height: bottom - top };
  for (const [name, share] of Object.entries(sides)) node.style[name] = `${100 * share}%`;
}

// The list

async function load(place) {
  place.dataset.drawn = 'true';
  const video = place.dataset.things;
  if (known.video !== video) {
    chosen.clear();
    known = { video, things: [] };
    const things = await call('GET', `/videos/${video}/things`).catch(() => []); // without them the page still works
    if (known.video === video) known.things = things;
  }
  list();
}

function list() {
  const place = find(`[data-things="${known.video}"]`);
  if (!place || !known.things.length) return;
  const names = known.things.map((one) => one.name);
  const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : '';
  const heading = `Things: ${names.slice(0, NAMED).join(', ')}${more}`;
  const buttons = known.things.map(({ name, tracks, most }) => element('li', {}, element('button', {
    type: 'button', class: 'lr-small', 'data-thing': name, 'aria-pressed': chosen.has(name),
    title: `Appears ${tracks.length} times, at most ${most} at once`,
  }, `${name} (${tracks.length})`)));
  const boxes = element('button', { type: 'button', class: 'lr-small', 'data-boxes': '', 'aria-pressed': boxed }, 'Boxes over the picture');
  const hint = element('small', {}, 'How often each appears. Choose one to see when.');
  const open = place.querySelector('details')?.open;
  place.replaceChildren(element('details', open ? { open: '' } : {}, element('summary', {}, heading),
    element('p', {}, boxes, ' ', hint), element('ul', {}, ...buttons)));
  place.hidden = false;
  lanes();
  draw();
}

// Lanes

function presences(tracks) {
  const spans = [];
  const apart = APART * wholeS();
  for (const { start_s: start, end_s: end } of tracks) {
    const last = spans.at(-1);
    if (last && start - last.end <= apart) last.end = Math.max(last.end, end);
    else spans.push({ start, end });
  }
  return spans;
}

function lanes() {
  for (const row of all('.lr-thing')) row.remove();
  const whole = wholeS();
  for (const { name, tracks } of known.things.filter((one) => chosen.has(one.name))) {
    const marks = presences(tracks).map(({ start, end }) => {
      const label = `${name}, ${clock(start)} to ${clock(end)}`;
      const button = element('button', {
        type: 'button', class: 'lr-mark lr-found', 'data-jump': known.video, 'data-t': start, 'data-end': end,
        'aria-label': label, title: label,
      });
      return element('li', { style: `left:${(100 * start) / whole}%;width:${(100 * (end - start)) / whole}%` }, button);
    });
    const track = element('ol', { class: 'lr-track lr-marks', 'aria-label': `When ${name} is seen` }, ...marks);
    find('#lr-lanes .lr-timeline').append(element('div', { class: 'lr-row lr-thing' },
      element('span', { class: 'lr-name', 'aria-hidden': 'true' }, name), track));
  }
}

actions.thing = ({ dataset: { thing } }) => {
  if (!chosen.delete(thing)) chosen.add(thing);
  for (const button of all('[data-thing]')) button.setAttribute('aria-pressed', chosen.has(button.dataset.thing));
  lanes();
  draw();
};

// Boxes over the picture: of the chosen things, or of all

function sideways(boxes, time) {
  const after = boxes.findIndex((one) => one.time_s >= time);
  if (after <= 0) return boxes.at(after); // before the first, or after the last
  const [a, b] = [boxes[after - 1], boxes[after]];
  const share = (time - a.time_s) / (b.time_s - a.time_s);
  return Object.fromEntries(['left', 'top', 'right', 'bottom'].map((side) => [side, (1 - share) * a[side] + share * b[side]]));
}

function draw() {
  const film = find('.lr-film');
  let overlay = film?.querySelector('.lr-boxes');
  if (!boxed || !film || !player().videoWidth || player().dataset.video !== known.video) return overlay?.remove();
  if (!overlay) film.append(overlay = element('div', { class: 'lr-boxes', 'aria-hidden': 'true' }));
  fit(overlay);
  const time = player().currentTime;
  const shown = known.things.filter((one) => !chosen.size || chosen.has(one.name));
  overlay.replaceChildren(...shown.flatMap(({ name, tracks }) => tracks
    .filter((one) => one.start_s <= time && time <= one.end_s)
    .map((one) => {
      const box = element('div', {}, element('span', {}, name));
      stretch(box, sideways(one.boxes, time));
      return box;
    })));
  return null;
}

let frame = 0;
function move() {
  cancelAnimationFrame(frame);
  draw();
  if (boxed && player() && !player().paused) frame = requestAnimationFrame(move);
}

actions.boxes = (button) => {
  boxed = !boxed;
  button.setAttribute('aria-pressed', boxed);
  move();
};

for (const name of ['play', 'seeked', 'loadedmetadata']) {
  document.addEventListener(name, (event) => event.target === player() && move(), true);
}
document.addEventListener('longreel:time', draw);
window.addEventListener('resize', draw);
onRender(() => {
  for (const place of all('[data-things]:not([data-drawn])')) load(place);
});
