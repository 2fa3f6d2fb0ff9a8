// "Save this moment": its link, its quote, its picture, and a clip, of times that can be changed.
import { find, opened, player, call, actions, clock, secondsOf, copy } from './page.js';
import { wholeS, shared } from './player.js';

const LENGTH_S = 10; // where nobody speaks
const dialog = () => find('#lr-save');
const fields = () => [find('#lr-save-from'), find('#lr-save-to')];
let said = []; // the sentences near the moment

// What was played last, if the player is still there; else the sentence of now; else some seconds
function momentAt(time) {
  const { video, start, end } = shared.played || {};
  if (video === opened() && time >= start - 0.5 && time <= end + 0.5) return [start, end];
  const now = said.find((line) => line.start_s <= time + 0.05 && line.end_s >= time);
  if (now) return [now.start_s, now.end_s];
  return [time, Math.min(time + LENGTH_S, wholeS())];
}

function times() {
  const [from, to] = fields().map((field) => secondsOf(field.value));
  return from >= 0 && to > from && from < wholeS() ? [from, to] : null;
}

const link = (from) => `${location.origin}${location.pathname}?video=${opened()}&t=${Math.round(from * 100) / 100}`;
const quote = ([from, to]) => said.filter((line) => line.end_s > from + 0.05 && line.start_s < to - 0.05).map((line) => line.text).join(' ');

async function fetchSaid(from, to) {
  const path = `/videos/${opened()}/transcript?start_s=${Math.max(0, from - 1)}&end_s=${to + 1}`;
  said = await call('GET', path).catch(() => []); // without a transcript there is no quote
}

function show() {
  const moment = times();
  const problem = dialog().querySelector('.lr-problem');
  problem.textContent = moment ? '' : 'Write times as 1:23, the end after the start.';
  problem.hidden = Boolean(moment);
  const text = moment ? quote(moment) : '';
  const shown = dialog().querySelector('blockquote');
  shown.textContent = text;
  shown.hidden = !text;
  dialog().querySelector('[data-moment=quote]').disabled = !text;
  for (const link of dialog().querySelectorAll('[data-picture], [data-clip]')) link.removeAttribute('href');
  if (!moment) return;
  const [from, to] = moment;
  const clip = dialog().querySelector('[data-clip]');
  clip.href = `v1/videos/${opened()}/clip?start_s=${from}&end_s=${to}`;
  const picture = dialog().querySelector('[data-picture]');
  picture.parentElement.hidden = player().classList.contains('lr-sound');
  picture.href = `v1/videos/${opened()}/frame?t=${from}&side=1920`;
  picture.download = `${player().dataset.title} ${clock(from).replaceAll(':', '.')}.jpg`;
}

actions.save = async () => {
  const time = player().currentTime;
  player().pause();
  await fetchSaid(time, time + LENGTH_S);
  const moment = momentAt(time);
  if (moment[1] > time + LENGTH_S) await fetchSaid(...moment);
  for (const [n, field] of fields().entries()) field.value = precise(moment[n]);
  show();
  dialog().showModal();
};

// 1:23.4, as it is read by secondsOf
function precise(seconds) {
  const tenths = Math.round(seconds * 10);
  return clock(tenths / 10) + (tenths % 10 ? `.${tenths % 10}` : '');
}

actions.moment = (button) => {
  const moment = times();
  if (!moment) return;
  dialog().close();
  const [from, to] = moment;
  if (button.dataset.moment === 'link') copy(link(from), 'The link is copied.');
  else copy(`“${quote(moment)}”\n${player().dataset.title}, ${clock(from)} to ${clock(to)}\n${link(from)}`, 'The quote is copied.');
};

document.addEventListener('change', async (event) => {
  if (!fields().includes(event.target)) return;
  const moment = times();
  if (moment) await fetchSaid(...moment);
  show();
});
