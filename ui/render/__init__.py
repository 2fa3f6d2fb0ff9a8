"""What the page shows, as HTML strings. Pure: data in, text out; one module a part of the page."""
