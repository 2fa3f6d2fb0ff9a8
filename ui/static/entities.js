// Who and what the open video mentions: a click on a name lists its mentions, those in this video first.
import { find, all, opened, notice, call, actions, element, clock } from './page.js';

const HOW = { written: 'on screen', said: 'said', speaks: 'speaks', seen: 'seen' };

function line(moment, title) {
  const place = { 'data-jump': moment.video_id, 'data-t': moment.start_s, type: 'button', class: 'lr-line' };
  const how = element('small', {}, [title, HOW[moment.source]].filter(Boolean).join(', '));
  const text = element('span', {}, how, ` ${moment.quote}`);
  return element('li', {}, element('button', place, element('time', {}, clock(moment.start_s)), text));
}

async function moments(id) {
  const { moments: mentions } = await call('GET', `/entities/${encodeURIComponent(id)}`);
  const here = mentions.filter((one) => one.video_id === opened());
  const elsewhere = mentions.filter((one) => one.video_id !== opened());
  const videos = elsewhere.length ? await call('GET', '/videos?fields=id,title') : [];
  const titles = Object.fromEntries(videos.map((one) => [one.id, one.title]));
  const lines = [...here.map((one) => line(one)), ...elsewhere.map((one) => line(one, titles[one.video_id]))];
  return element('ol', { class: 'lr-lines' }, ...lines);
}

actions.entity = async (button) => {
  const isOpen = button.getAttribute('aria-expanded') === 'true';
  for (const other of all('[data-entity]')) other.setAttribute('aria-expanded', String(other === button && !isOpen));
  const place = find('#lr-moments');
  place.replaceChildren();
  if (isOpen) return;
  try {
    const list = await moments(button.dataset.entity);
    if (button.getAttribute('aria-expanded') === 'true') place.replaceChildren(list);
  } catch (error) {
    notice(error.message);
  }
};
