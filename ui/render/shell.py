"""The fixed parts of the page: its head and the question form."""

HEAD = """
<header class="lr-head"><a class="lr-skip" href="#lr-ask" data-skip>To the question</a>
  <div><h1>Longreel</h1><p>Ask about long videos, and see where each answer comes from.</p></div>
  <nav aria-label="Views"><ul>
    <li><a href="./" data-view="library">Library</a></li>
    <li><a href="?view=ask" data-view="ask">Watch and ask</a></li>
    <li><a href="?view=batches" data-view="batches">Summaries</a></li>
    <li><a href="?view=status" data-view="status">Status</a></li>
  </ul></nav>
</header>
<p id="lr-gone" class="lr-warning" role="alert" hidden><b>The server does not answer.</b> The page continues by itself
  when the server is back. Check that <code>longreel serve</code> is still running.</p>
<div id="lr-toasts"></div>
"""

SIGN_OUT = (
    '<form class="lr-signout" method="post" action="v1/session/end"><button class="lr-small">Sign out</button></form>'
)

BATCHES = (
    "<h2>Summarize and ask many videos</h2><p><small>One file for each video and an overview with links. "
    "Earlier results are re-used; a stopped batch resumes where it stopped.</small></p>"
)

QUESTION = r"""
<form id="lr-question" aria-label="Ask" novalidate>
  <p id="lr-part" hidden><canvas aria-hidden="true"></canvas>
    <button type="button" class="lr-small" data-seen title="Show it"></button>
    <button type="button" class="lr-small" data-unpart aria-label="Remove the part of the picture">&times;</button></p>
  <div class="lr-write"><label for="lr-ask" class="lr-hidden">Question</label>
    <textarea id="lr-ask" name="question" rows="2" placeholder="Ask a question"></textarea>
    <button type="submit" class="lr-main">Ask</button>
    <button type="button" class="lr-small" data-stop disabled>Stop</button></div>
  <p id="lr-ask-problem" class="lr-problem" role="alert" hidden></p>
  <details id="lr-options"><summary>Multiple choice</summary>
    <label for="lr-choices">Options, one per line</label>
    <textarea id="lr-choices" name="options" rows="4"></textarea>
  </details>
  <details id="lr-wishes"><summary>Options <small id="lr-wished"></small></summary>
    <fieldset class="lr-scope"><legend>Answer from</legend>
      <label><input type="checkbox" name="speech" checked> what is said</label>
      <label><input type="checkbox" name="screen_text" checked> on-screen text</label>
      <label><input type="checkbox" name="visual" checked> pictures</label>
    </fieldset>
    <p class="lr-between"><label for="lr-from">Only from</label>
      <input id="lr-from" name="from" placeholder="start" pattern="[0-9]+(:[0-5][0-9]){0,2}" title="such as 12:30">
      <label for="lr-to">to</label>
      <input id="lr-to" name="to" placeholder="end" pattern="[0-9]+(:[0-5][0-9]){0,2}" title="such as 1:02:30"></p>
    <p class="lr-between"><label for="lr-steps">Most steps</label>
      <input id="lr-steps" name="steps" type="number" min="1" max="64" placeholder="default"></p>
    <p class="lr-between"><label for="lr-seconds">Most seconds</label>
      <input id="lr-seconds" name="seconds" type="number" min="1" placeholder="default">
      <small>The server's own limits cannot be exceeded.</small></p>
    <p><label><input type="checkbox" name="alone"> Ask each question on its own, outside a conversation</label></p>
    <p><button type="button" class="lr-small" data-unwish>Reset</button>
      <small>Stored in this browser and sent with each question.</small></p>
  </details>
</form>
"""


def head(*, has_key: bool) -> str:
    """The head of the page; where the server has a key, one can sign out."""
    return HEAD.replace("</header>", f"{SIGN_OUT}\n</header>") if has_key else HEAD


def plain(markup: str) -> str:
    """Fixed markup, escaped for the page's templates."""
    return markup.replace("{", "&#123;").replace("}", "&#125;")
