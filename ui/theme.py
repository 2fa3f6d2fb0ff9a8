"""The colours and fonts of the page."""

from __future__ import annotations

import gradio as gr


def theme() -> gr.themes.Base:
    """The system's own fonts (nothing is fetched), and colours with a contrast of at least 4.5."""
    base = gr.themes.Default(
        primary_hue="teal", font=["system-ui", "sans-serif"], font_mono=["ui-monospace", "monospace"]
    )
    return base.set(
        button_primary_background_fill="*primary_700",
        button_primary_background_fill_hover="*primary_800",
        button_primary_background_fill_dark="*primary_700",
        button_primary_background_fill_hover_dark="*primary_800",
        body_text_color_subdued="*neutral_500",
        body_text_color_subdued_dark="*neutral_400",
        input_placeholder_color="*neutral_500",
        input_placeholder_color_dark="*neutral_400",
        block_border_width="1px",
        link_text_color="*primary_700",
        link_text_color_dark="*primary_400",
    )
