// The library: titles and tags, deleting and restoring.
import { find, all, emit, opened, param, address, onRender, actions, filter, element, toast } from './page.js';
import { act } from './queue.js';

const UNDO_MS = 10_000;

// Deleting moves the video into the bin, from which it can be restored

async function restore(id) {
  if (await act('POST', `/videos/${id}/restore`)) toast('The video is restored.');
}

function offerUndo(id, title) {
  const button = element('button', { type: 'button', class: 'lr-small', 'aria-label': `Undo: keep ${title}` }, 'Undo');
  const line = element('div', { class: 'lr-toast' }, `${title} is deleted. `, button);
  const gone = window.setTimeout(() => line.remove(), UNDO_MS);
  button.onclick = () => {
    window.clearTimeout(gone);
    line.remove();
    restore(id);
  };
  find('#lr-toasts').append(line);
  button.focus();
}

actions.delete = async ({ dataset: { delete: id, title } }) => {
  if (!(await act('DELETE', `/videos/${id}`))) return;
  if (opened() === id) {
    address({ video: '', t: '', answer: '', thread: '', summary: '' });
    emit('open', {});
  }
  offerUndo(id, title);
};
actions.restore = ({ dataset }) => restore(dataset.restore);
actions.purge = ({ dataset }) => act('DELETE', `/bin/${dataset.purge}`);

// Title and tags

actions.retitle = (button) => {
  const { retitle: id, title, tags } = button.dataset;
  const dialog = find('#lr-details');
  dialog.querySelector('[name=title]').value = title;
  dialog.querySelector('[name=tags]').value = dialog.dataset.tags = tags;
  dialog.dataset.of = id;
  dialog.showModal();
};

document.addEventListener('submit', async (event) => {
  const dialog = find('#lr-details');
  if (!dialog?.contains(event.target)) return;
  event.preventDefault();
  const { title, tags } = Object.fromEntries(new FormData(event.target));
  const changed = { title };
  // Unchanged tags are not sent: one that was given elsewhere may contain a comma
  if (tags !== dialog.dataset.tags) changed.tags = tags.split(',').map((tag) => tag.trim()).filter(Boolean);
  dialog.close();
  await act('PATCH', `/videos/${dialog.dataset.of}`, changed);
});
actions.closedialog = (button) => button.closest('dialog').close();

// Adding an address, from the first steps

actions.paste = () => {
  find('#lr-upload details').open = true;
  find('#lr-address').focus();
};

// Showing only the videos with a tag

actions.tag = ({ dataset }) => {
  address({ tag: dataset.tag });
  chooseTag();
};

function chooseTag() {
  const tag = param('tag');
  const isKnown = !tag || all('#lr-grid [data-tag]').some((button) => button.dataset.tag === tag);
  for (const button of all('#lr-grid [data-tag]')) {
    const pressed = String(button.dataset.tag === (isKnown ? tag : ''));
    if (button.getAttribute('aria-pressed') !== pressed) button.setAttribute('aria-pressed', pressed);
  }
  for (const card of all('#lr-grid .lr-video')) {
    const out = Boolean(tag) && isKnown && !JSON.parse(card.dataset.tags).includes(tag);
    if (card.classList.contains('lr-out') !== out) card.classList.toggle('lr-out', out);
  }
}

onRender(chooseTag);
onRender(() => find('#lr-find') && filter(find('#lr-find')));
