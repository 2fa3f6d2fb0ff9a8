"""The page that asks for the server's API key. Plain HTML: it works without the page's framework."""

from __future__ import annotations

import html

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Longreel: sign in</title>
<style>
:root {{ color-scheme: light dark }}
body {{ font: 16px/1.5 system-ui, sans-serif; display: grid; place-items: center; min-height: 90vh; margin: 1rem }}
form {{ display: grid; gap: .75rem; width: min(24rem, 100%) }}
input, button {{ font: inherit; padding: .6rem .8rem; border-radius: .5rem; border: 1px solid #8888 }}
button {{ background: #0f766e; color: #fff; border: 0; cursor: pointer }}
.problem {{ color: #b91c1c; margin: 0 }}
@media (prefers-color-scheme: dark) {{ .problem {{ color: #fca5a5 }} }}
</style></head>
<body><form method="post" action="{action}">
<h1>Longreel</h1>
<label for="key">API key of this server</label>
<input id="key" name="key" type="password" autocomplete="current-password" required autofocus>
{problem}<button>Sign in</button>
</form></body></html>
"""


def login_page(problem: str, action: str = "v1/session") -> str:
    """The form, with a sentence on what was wrong ("" at first). `action` is a relative address."""
    message = f'<p class="problem" role="alert">{html.escape(problem)}</p>\n' if problem else ""
    return PAGE.format(problem=message, action=action)
