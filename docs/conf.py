"""How these pages are built: `sphinx-build --fail-on-warning docs build/site`."""

import sys
from importlib.metadata import version as installed
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "_extensions"))

project = "bridgebench"
author = "the authors of bridgebench"
release = version = installed("bridgebench")

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "plain_docstrings",
    "generated_pages",
]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_extensions", "example-*", "images/README.md"]

myst_enable_extensions = ["deflist", "colon_fence"]
myst_heading_anchors = 4

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
python_maximum_signature_line_length = 88

smartquotes = False
html_theme = "furo"
html_title = "bridgebench"
html_copy_source = False
html_show_sphinx = False
pygments_style = "friendly"
