// Correcting a misheard sentence of the transcript, in its place.
import { all, opened, call, actions, element, toast } from './page.js';

const textOf = (line) => line.querySelector('.lr-line span > span');

actions.correct = (pen) => {
  for (const form of all('.lr-correct')) form.remove(); // one at a time
  const line = pen.closest('li');
  const box = element('textarea', { rows: '2', maxlength: '2000', required: '', 'aria-label': 'What is said' });
  box.value = textOf(line).textContent;
  const save = element('button', { class: 'lr-main' }, 'Save');
  const cancel = element('button', { type: 'button', class: 'lr-small' }, 'Cancel');
  const problem = element('p', { class: 'lr-problem', role: 'alert' });
  const form = element('form', { class: 'lr-correct' }, box, element('p', { class: 'lr-send' }, save, cancel), problem);
  const close = () => {
    form.remove();
    pen.focus();
  };
  cancel.addEventListener('click', close);
  form.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') close();
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    form.requestSubmit();
  });
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    event.stopPropagation();
    save.disabled = true;
    try {
      const start = Number(line.querySelector('.lr-line').dataset.t);
      const sentence = { start_s: start, text: box.value, heard: textOf(line).textContent };
      const { text } = await call('PATCH', `/videos/${opened()}/transcript`, sentence);
      textOf(line).textContent = text;
      close();
      toast('Corrected. Search and new answers use it.');
    } catch (error) {
      problem.textContent = error.message;
      save.disabled = false;
    }
  });
  line.append(form);
  box.focus();
};
