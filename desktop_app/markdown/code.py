"""The blocks of code in a text, for whoever wants to copy one."""

from desktop_app.markdown.blocks import BlockSplitter
from desktop_app.markdown.fence import CodeAdded, CodeOpened


def code_blocks(text: str) -> list[str]:
    """Every block of code between top-level fences, as it stands there."""
    splitter = BlockSplitter()
    blocks: list[str] = []
    for piece in (*splitter.feed(text), *splitter.finish()):
        match piece:
            case CodeOpened():
                blocks.append("")
            case CodeAdded() if blocks:
                blocks[-1] += piece.text
    return blocks
