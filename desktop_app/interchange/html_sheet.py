"""The style sheet of exported pages. Its colours are those of the window (`ui/tokens`); a test compares them."""

_LIGHT = {
    "background": "#ffffff",
    "raised": "#f1f1f4",
    "line": "#e0e0e7",
    "text": "#18181d",
    "second": "#5a5a67",
    "accent_text": "#3a49d6",
    "bubble": "#eeeff4",
    "code_background": "#f4f4f7",
    "code_text": "#24242b",
    "code_keyword": "#7a34c4",
    "code_string": "#24702f",
    "code_number": "#a8480c",
    "code_comment": "#656572",
    "code_name": "#2456c8",
}
_DARK = {
    "background": "#17171a",
    "raised": "#26262b",
    "line": "#2f2f36",
    "text": "#ededf0",
    "second": "#a3a3ae",
    "accent_text": "#8d97fa",
    "bubble": "#26262b",
    "code_background": "#1e1e23",
    "code_text": "#e3e3e8",
    "code_keyword": "#c594f5",
    "code_string": "#93cf86",
    "code_number": "#eba26b",
    "code_comment": "#9191a0",
    "code_name": "#7fb0ff",
}
COLOURS = {"light": _LIGHT, "dark": _DARK}

_RULES = """
* { box-sizing: border-box }
body { margin: 0; background: var(--background); color: var(--text);
  font: 16px/1.55 Inter, system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; overflow-wrap: anywhere }
main, nav { max-width: 46rem; margin: 0 auto; padding: 1.5rem 1.25rem }
main { padding-bottom: 4rem } nav + main { border-top: 1px solid var(--line) }
h1 { font-size: 1.6rem; line-height: 1.25; margin: .5rem 0 1.5rem }
h2 { font-size: .95rem; margin: 0 0 .35rem } h3, h4, h5, h6 { margin: 1.4em 0 .5em; line-height: 1.3 }
h3 { font-size: 1.3rem } h4 { font-size: 1.15rem } h5, h6 { font-size: 1rem }
p, ul, ol, blockquote { margin: .75em 0 } li > p:first-child { margin-top: 0 }
a { color: var(--accent_text) } hr { border: 0; border-top: 1px solid var(--line); margin: 1.5em 0 }
blockquote { margin-left: 0; padding-left: 1em; border-left: 3px solid var(--line) }
article { margin: 1.75rem 0 } article > :last-child { margin-bottom: 0 }
article.you > div.text, details.system > div { background: var(--bubble); border-radius: 14px; padding: .1rem 1rem }
.when, .under, .attached, summary, .language { color: var(--second); font-size: .85rem }
.when { font-weight: 400 } .under { margin: .5rem 0 0 } .attached { margin: .25rem 0 }
summary { cursor: pointer; margin: .5rem 0 } details > div, details > article { margin-left: 1rem }
details.thoughts > div { border-left: 3px solid var(--line); padding-left: 1rem; color: var(--second) }
code { font: .92em "JetBrains Mono", ui-monospace, SFMono-Regular, Menlo, Consolas, monospace }
:not(pre) > code { background: var(--raised); border-radius: 4px; padding: .1em .3em }
.code, pre.document { background: var(--code_background); color: var(--code_text); border: 1px solid var(--line);
  border-radius: 10px; margin: .9em 0; overflow: auto } .language { padding: .4rem .9rem 0 }
pre { margin: 0; padding: .7rem .9rem; line-height: 1.45; white-space: pre; overflow-x: auto }
pre.document { max-height: 24rem; font: .85rem/1.45 ui-monospace, monospace; white-space: pre-wrap }
.table, .math { overflow-x: auto } table { border-collapse: collapse; margin: .75em 0 }
th, td { border: 1px solid var(--line); padding: .35rem .7rem; text-align: left } th { font-weight: 600 }
img { max-width: 100%; max-height: 28rem; border-radius: 10px; display: block; margin: .5rem 0 }
math { font-size: 1.08em }
.c { color: var(--code_comment) } .k { color: var(--code_keyword) } .s { color: var(--code_string) }
.n { color: var(--code_number) } .f { color: var(--code_name) }
@media print { body { font-size: 11pt } main, nav { max-width: none; padding: 0 } pre { white-space: pre-wrap }
  .code { break-inside: avoid } details:not([open]) { display: none } }
"""


def sheet() -> str:
    """All of it."""
    light, dark = (" ".join(f"--{name}: {colour};" for name, colour in one.items()) for one in COLOURS.values())
    schemes = ":root { color-scheme: light dark; %s }\n@media (prefers-color-scheme: dark) { :root { %s } }"
    # What is printed is printed on white.
    printed = "@media print { :root { color-scheme: light; %s } }"
    return f"{schemes % (light, dark)}\n{printed % light}{_RULES}"
