"""The page's content as HTML strings. Pure: data in, text out; one module per part of the page."""
