"""Sphinx configuration. `make docs` builds with every warning an error, and needs no network."""

import hashlib
import sys
from pathlib import Path

import mcfiber

sys.path.insert(0, str(Path(__file__).parent / "_ext"))


def library_digest() -> str:
    """Tell this state of the library from others: pages are executed again once it changes."""
    digest = hashlib.sha256()
    for path in sorted(Path(mcfiber.__file__).parent.rglob("*")):
        if path.suffix in {".py", ".toml", ".csv", ".json", ".npz"}:
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


project = "mcfiber"
copyright = "2026, the mcfiber developers"
version = release = mcfiber.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.extlinks",
    "numpydoc",
    "myst_nb",
    "sphinxcontrib.bibtex",
    "drawn_math",
    "public_reference",
]
exclude_patterns = ["_build", "jupyter_execute", "**.ipynb_checkpoints"]
nitpicky = True
default_role = "literal"

add_module_names = False
autodoc_typehints = "none"
autodoc_preserve_defaults = True
numpydoc_show_class_members = False
numpydoc_xref_param_type = False

extlinks = {"doi": ("https://doi.org/%s", "doi:%s")}
bibtex_bibfiles = ["references.bib"]
bibtex_reference_style = "label"
bibtex_default_style = "alpha"

myst_enable_extensions = ["amsmath", "colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3
nb_execution_mode = "cache"
nb_execution_cache_path = str(Path(__file__).parent / "_build" / f"executed-{library_digest()}")
nb_execution_raise_on_error = True
nb_execution_timeout = 300
nb_render_markdown_format = "myst"

html_theme = "pydata_sphinx_theme"
html_title = "mcfiber"
html_static_path = ["_static"]
html_css_files = ["mcfiber.css"]
html_theme_options = {
    "navbar_align": "left",
    "header_links_before_dropdown": 7,
    "navbar_end": ["theme-switcher"],
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "show_prev_next": True,
    "navigation_with_keys": False,
}
html_sidebars = {
    page: [] for page in ("index", "tutorial", "howto", "values", "house", "validation", "random-coupling", "glossary")
}
html_show_sourcelink = False
html_copy_source = False
