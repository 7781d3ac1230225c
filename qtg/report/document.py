"""The HTML document around a page's body: style, data, plotly.js and the script that draws."""

from .bundle import plotly_script
from .page import asset
from .wording import text

THEME = (
    'document.documentElement.dataset.theme=matchMedia("(prefers-color-scheme: dark)").matches'
    '?"dark":"light"'
)


def document(title: str, head: str, bar: str, body: str, payload: str, by: str = "qtg") -> str:
    """One self-contained HTML file; `payload` is what the script reads, packed."""
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{text(title)}</title>
<script>{THEME}</script>
<style>{asset("page.css")}</style></head>
<body>{head}
{bar}
<main>{body}
<noscript><p class="note">The charts need JavaScript; the tables do not.</p></noscript>
<footer>Written by {text(by)}. Charts by plotly.js (MIT licence),
included in this file.</footer></main>
<script type="text/plain" id="report-data">{payload}</script>
<script type="text/plain" id="plotly-source">{plotly_script()}</script>
<script>{asset("page.js")}</script>
</body></html>
"""
