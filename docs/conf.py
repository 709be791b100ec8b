"""The site: what Sphinx reads. The pages are the documents of this folder; `make site` builds them."""

from sim import __version__

project = "talentsim"
author = "the maintainers of talentsim"
release = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["conf.py"]
myst_heading_anchors = 3  # links to headings, as the documents have them

html_theme = "furo"
html_title = f"talentsim {release}"
html_copy_source = False
html_show_sourcelink = False

autodoc_member_order = "bysource"
napoleon_google_docstring = False
